# The Debian packages, made by `cpack` of what BusbarInstall puts into the components:
#
#   busbard         the broker, its units, user and configuration
#   busbar          the command line
#   libbusbar1      the library; named after its SONAME
#   libbusbar-dev   headers, static library, CMake and pkg-config files
#
# scripts/package.sh is the way to them.
set(debian ${PROJECT_SOURCE_DIR}/packaging/debian)

# ---- one version, the project's ----
file(STRINGS ${debian}/changelog busbar_newest LIMIT_COUNT 1)
if(NOT busbar_newest MATCHES "^busbar \\(${PROJECT_VERSION}\\) ")
  message(FATAL_ERROR
    "packaging/debian/changelog begins with \"${busbar_newest}\"; the project's version is "
    "${PROJECT_VERSION}: write an entry for it")
endif()

# ---- what every package has: copyright and changelog ----
busbar_compressed(packaging/debian/changelog busbar_changelog)
set(library_package libbusbar${BUSBAR_SOVERSION})
foreach(pair busbard/busbard busbar/busbar library/${library_package} development/libbusbar-dev)
  string(REPLACE "/" ";" pair ${pair})
  list(GET pair 0 component)
  list(GET pair 1 package)
  string(TOUPPER ${component} COMPONENT)
  # Only for packages: `cmake --install` puts the documents elsewhere.
  install(FILES ${debian}/copyright ${busbar_changelog}
    DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/${package} COMPONENT ${component} EXCLUDE_FROM_ALL)
  set(CPACK_DEBIAN_${COMPONENT}_PACKAGE_NAME ${package})
  list(APPEND CPACK_COMPONENTS_ALL ${component})
endforeach()

# ---- the same for all ----
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME busbar)
set(CPACK_PACKAGE_VERSION ${PROJECT_VERSION})
set(CPACK_PACKAGE_CONTACT "The Busbar authors <busbar@example.org>")
# Each package has its own, first line of its description.
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "")
set(CPACK_PACKAGE_DIRECTORY ${PROJECT_BINARY_DIR}/packages)
# Staged below DESTDIR: the files then know that their prefix is /usr, and /etc is no trouble.
set(CPACK_SET_DESTDIR ON)
set(CPACK_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_COMPONENTS_GROUPING IGNORE)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_PACKAGE_SOURCE busbar)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
# Where dpkg-shlibdeps finds our own library.
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS_PRIVATE_DIRS ${PROJECT_BINARY_DIR}/client)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
  OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
set(same_version "(= ${PROJECT_VERSION})")

# ---- busbard ----
set(CPACK_COMPONENT_BUSBARD_DESCRIPTION
"broker of a shared-memory message bus
Busbar is a message bus for the processes of one machine. Messages are written
and read in place, in rings in shared memory; the broker hands these to clients
and mends what a dead client leaves.
.
This package has the broker, started by systemd when the first client connects.")
set(CPACK_DEBIAN_BUSBARD_PACKAGE_SECTION net)
set(CPACK_DEBIAN_BUSBARD_PACKAGE_SHLIBDEPS ON)
# The command line: the unit reloads by it. systemd-sysusers makes the user, useradd's kin removes it.
set(CPACK_DEBIAN_BUSBARD_PACKAGE_DEPENDS "busbar ${same_version}, systemd, passwd")
set(CPACK_DEBIAN_BUSBARD_PACKAGE_CONTROL_EXTRA
  ${debian}/busbard/conffiles ${debian}/busbard/postinst ${debian}/busbard/prerm
  ${debian}/busbard/postrm)

# ---- busbar ----
set(CPACK_COMPONENT_BUSBAR_DESCRIPTION
"command line of a shared-memory message bus
Busbar is a message bus for the processes of one machine. Messages are written
and read in place, in rings in shared memory.
.
This package has the command line: it lists and makes channels, publishes files
and streams, and subscribes.")
set(CPACK_DEBIAN_BUSBAR_PACKAGE_SECTION net)
set(CPACK_DEBIAN_BUSBAR_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_BUSBAR_PACKAGE_DEPENDS "${library_package} ${same_version}")
# In a container there may be the socket alone.
set(CPACK_DEBIAN_BUSBAR_PACKAGE_SUGGESTS "busbard")

# ---- the library ----
set(CPACK_COMPONENT_LIBRARY_DESCRIPTION
"client library of a shared-memory message bus
Busbar is a message bus for the processes of one machine. Messages are written
and read in place, in rings in shared memory.
.
This package has the shared library that programs use.")
set(CPACK_DEBIAN_LIBRARY_PACKAGE_SECTION libs)
set(CPACK_DEBIAN_LIBRARY_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_LIBRARY_PACKAGE_CONTROL_EXTRA
  ${PROJECT_BINARY_DIR}/packaging/shlibs ${debian}/library/triggers)
# Programs that were built with this version need it or a later one.
file(WRITE ${PROJECT_BINARY_DIR}/packaging/shlibs
  "libbusbar ${BUSBAR_SOVERSION} ${library_package} (>= ${PROJECT_VERSION})\n")

# ---- what programs are built with ----
set(CPACK_COMPONENT_DEVELOPMENT_DESCRIPTION
"development files of a shared-memory message bus
Busbar is a message bus for the processes of one machine. Messages are written
and read in place, in rings in shared memory.
.
This package has the headers (C++20), the static library, and files for CMake
and pkg-config.")
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_DEPENDS "${library_package} ${same_version}")
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_SUGGESTS "busbard")

include(CPack)
