# What `cmake --install` puts where. Included by the top-level CMakeLists.txt behind all targets.
#
#   bin/busbard, bin/busbar
#   lib/libbusbar.so.0, libbusbar.so, libbusbar.a
#   lib/cmake/busbar/           find_package(busbar CONFIG): busbar::client, busbar::client_static
#   lib/pkgconfig/busbar.pc     Libs.private is for libbusbar.a
#   include/busbar/             and below it, common/base: the headers that the public ones include
include(CMakePackageConfigHelpers)

set(BUSBAR_INSTALL_CMAKEDIR ${CMAKE_INSTALL_LIBDIR}/cmake/busbar)

# ---- headers ----
set(busbar_base_headers
  common/base/error.hpp
  common/base/export.hpp
  common/base/outcome.hpp
  common/base/units.hpp
  common/base/version.hpp
)
install(DIRECTORY client/include/busbar
  DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
  FILES_MATCHING PATTERN "*.hpp")
install(FILES ${busbar_base_headers} DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/busbar/common/base)

# ---- libraries ----
install(TARGETS busbar_client busbar_client_static EXPORT busbar
  LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}
  ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(EXPORT busbar
  FILE busbar-targets.cmake
  NAMESPACE busbar::
  DESTINATION ${BUSBAR_INSTALL_CMAKEDIR})

configure_package_config_file(cmake/busbar-config.cmake.in ${PROJECT_BINARY_DIR}/busbar-config.cmake
  INSTALL_DESTINATION ${BUSBAR_INSTALL_CMAKEDIR}
  NO_SET_AND_CHECK_MACRO)
# Before 1.0 a minor version may break its users.
write_basic_package_version_file(${PROJECT_BINARY_DIR}/busbar-config-version.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES
  ${PROJECT_BINARY_DIR}/busbar-config.cmake
  ${PROJECT_BINARY_DIR}/busbar-config-version.cmake
  DESTINATION ${BUSBAR_INSTALL_CMAKEDIR})

# ---- pkg-config ----
# Relative to the file, so that an installed tree may be moved.
file(RELATIVE_PATH busbar_pc_prefix
  /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
string(REGEX REPLACE "/$" "" busbar_pc_prefix "${busbar_pc_prefix}")
configure_file(cmake/busbar.pc.in ${PROJECT_BINARY_DIR}/busbar.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/busbar.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

# ---- programs ----
# They find the library of their own prefix, wherever that is.
file(RELATIVE_PATH busbar_bin_to_lib /${CMAKE_INSTALL_BINDIR} /${CMAKE_INSTALL_LIBDIR})
set_target_properties(busbar_cli PROPERTIES INSTALL_RPATH "\$ORIGIN/${busbar_bin_to_lib}")
install(TARGETS busbard busbar_cli RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})

install(FILES README.md CHANGELOG.md LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})
