# What `cmake --install` puts where. Included by the top-level CMakeLists.txt behind all targets.
#
#   bin/busbard, bin/busbar
#   lib/systemd/system/         busbard.service, busbard.socket; lib/sysusers.d/busbar.conf
#   etc/busbar/busbar.json      /etc/busbar where the prefix is /usr
#   share/busbar/               the configuration's schema
#   share/man/, share/bash-completion/
#   lib/libbusbar.so.1, libbusbar.so, libbusbar.a
#   lib/cmake/busbar/           find_package(busbar CONFIG): busbar::client, busbar::client_static
#   lib/pkgconfig/busbar.pc     Libs.private is for libbusbar.a
#   include/busbar/             and below it, common/base: the headers that the public ones include
#
# Every line says which package it is for: COMPONENT busbard, busbar, library or development.
include(CMakePackageConfigHelpers)

set(BUSBAR_INSTALL_CMAKEDIR ${CMAKE_INSTALL_LIBDIR}/cmake/busbar)

# ---- headers ----
set(busbar_base_headers
  common/base/crash_point.hpp
  common/base/error.hpp
  common/base/export.hpp
  common/base/outcome.hpp
  common/base/pause.hpp
  common/base/units.hpp
  common/base/version.hpp
  common/base/wait_policy.hpp
)
install(DIRECTORY client/include/busbar
  DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT development
  FILES_MATCHING PATTERN "*.hpp")
install(FILES ${busbar_base_headers}
  DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/busbar/common/base COMPONENT development)
# What is inline there (docs/adr/0021).
install(FILES common/hot/expect.hpp common/hot/prefetch.hpp
  common/hot/publishing.hpp common/hot/reading.hpp
  DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/busbar/common/hot COMPONENT development)
install(FILES common/layout/record.hpp
  DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/busbar/common/layout COMPONENT development)

# ---- libraries ----
install(TARGETS busbar_client busbar_client_static EXPORT busbar
  LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}
    COMPONENT library NAMELINK_COMPONENT development
  ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT development)
install(EXPORT busbar
  FILE busbar-targets.cmake
  NAMESPACE busbar::
  DESTINATION ${BUSBAR_INSTALL_CMAKEDIR} COMPONENT development)

configure_package_config_file(cmake/busbar-config.cmake.in ${PROJECT_BINARY_DIR}/busbar-config.cmake
  INSTALL_DESTINATION ${BUSBAR_INSTALL_CMAKEDIR}
  NO_SET_AND_CHECK_MACRO)
# Before 1.0 a minor version may break its users.
write_basic_package_version_file(${PROJECT_BINARY_DIR}/busbar-config-version.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES
  ${PROJECT_BINARY_DIR}/busbar-config.cmake
  ${PROJECT_BINARY_DIR}/busbar-config-version.cmake
  DESTINATION ${BUSBAR_INSTALL_CMAKEDIR} COMPONENT development)

# ---- pkg-config ----
# Relative to the file, so that an installed tree may be moved.
file(RELATIVE_PATH busbar_pc_prefix
  /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
string(REGEX REPLACE "/$" "" busbar_pc_prefix "${busbar_pc_prefix}")
configure_file(cmake/busbar.pc.in ${PROJECT_BINARY_DIR}/busbar.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/busbar.pc
  DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT development)

# ---- programs ----
# They find the library of their own prefix, wherever that is; in /usr the system does.
if(NOT CMAKE_INSTALL_PREFIX STREQUAL "/usr")
  file(RELATIVE_PATH busbar_bin_to_lib /${CMAKE_INSTALL_BINDIR} /${CMAKE_INSTALL_LIBDIR})
  set_target_properties(busbar_cli PROPERTIES INSTALL_RPATH "\$ORIGIN/${busbar_bin_to_lib}")
endif()
install(TARGETS busbard RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT busbard)
install(TARGETS busbar_cli RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT busbar)
install(FILES packaging/completion/busbar
  DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions COMPONENT busbar)
install(FILES packaging/completion/busbard
  DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions COMPONENT busbard)

# ---- service ----
configure_file(cmake/InstallService.cmake.in ${PROJECT_BINARY_DIR}/InstallService.cmake @ONLY)
install(SCRIPT ${PROJECT_BINARY_DIR}/InstallService.cmake COMPONENT busbard)
install(FILES config/busbar.schema.json
  DESTINATION ${CMAKE_INSTALL_DATADIR}/busbar COMPONENT busbard OPTIONAL)

# ---- documents ----
# busbar_compressed(FILE VARIABLE): the path of its copy in the build tree, by gzip where that is.
find_program(BUSBAR_GZIP gzip)
mark_as_advanced(BUSBAR_GZIP)
function(busbar_compressed file variable)
  cmake_path(GET file FILENAME name)
  set(copy ${PROJECT_BINARY_DIR}/compressed/${name})
  configure_file(${PROJECT_SOURCE_DIR}/${file} ${copy} COPYONLY)
  if(BUSBAR_GZIP)
    execute_process(COMMAND ${BUSBAR_GZIP} -9 -n -c ${copy} OUTPUT_FILE ${copy}.gz
      COMMAND_ERROR_IS_FATAL ANY)
    string(APPEND copy .gz)
  endif()
  set(${variable} ${copy} PARENT_SCOPE)
endfunction()

foreach(page busbar.1:busbar busbard.8:busbard busbar.json.5:busbard)
  string(REGEX MATCH "(.*\\.([0-9])):(.*)" matched ${page})
  set(component ${CMAKE_MATCH_3})
  set(section ${CMAKE_MATCH_2})
  busbar_compressed(packaging/man/${CMAKE_MATCH_1} copy)
  install(FILES ${copy}
    DESTINATION ${CMAKE_INSTALL_MANDIR}/man${section} COMPONENT ${component})
endforeach()
# Those of the packages are BusbarPackages'.
install(FILES README.md CHANGELOG.md LICENSE
  DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT documents)
