# `cpack -G DEB`: a package for the Debian or Ubuntu that it is made on, whose libraries it needs in these versions.
# `cpack -G TGZ` packs the files alone.
set(CPACK_PACKAGE_NAME ${PROJECT_NAME})
set(CPACK_PACKAGE_VENDOR "the flake-containers authors")
set(CPACK_PACKAGE_CONTACT "the flake-containers authors <flake-containers@users.noreply.github.com>" CACHE STRING
        "Who maintains the package, as NAME <ADDRESS>")
set(CPACK_PACKAGE_HOMEPAGE_URL https://github.com/flake-containers/flake-containers)
set(CPACK_RESOURCE_FILE_LICENSE ${PROJECT_SOURCE_DIR}/LICENSE)
set(CPACK_GENERATOR DEB)
set(CPACK_VERBATIM_VARIABLES ON)
set(CPACK_STRIP_FILES ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
        OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)

set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_DEBIAN_PACKAGE_SECTION admin)
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION "\
Starts, stops and enters the systemd-nspawn containers that a project's
flake-containers.json or its flake describes: databases, web servers and caches
for the time of development, from root file systems of Debian or as NixOS
systems. Ready means ready, nothing stays behind on the host, and what is kept
lies in the project.")
# dpkg-shlibdeps knows the libraries that programs are linked with. Others are loaded by name, libyaml by one verb alone.
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
find_program(FC_DPKG_QUERY dpkg-query)
# fc_package_of(RESULT FOLDER DEFINITION): the package with the library of that name.
function(fc_package_of result folder definition)
        get_directory_property(soname DIRECTORY ${PROJECT_SOURCE_DIR}/runner/${folder} DEFINITION ${definition})
        if(FC_DPKG_QUERY)
                execute_process(COMMAND ${FC_DPKG_QUERY} --search */${soname} OUTPUT_VARIABLE owner ERROR_QUIET)
                string(REGEX MATCH "^[^:]+" package "${owner}")
                set(${result} ${package} PARENT_SCOPE)
        endif()
endfunction()
fc_package_of(CPACK_FC_SYSTEMD_PACKAGE base FC_SYSTEMD_SONAME)
fc_package_of(CPACK_FC_PCRE2_PACKAGE logs FC_PCRE2_SONAME)
fc_package_of(CPACK_FC_GIT2_PACKAGE project FC_GIT2_SONAME)
fc_package_of(CPACK_FC_YAML_PACKAGE import FC_YAML_SONAME)
set(CPACK_DEBIAN_PACKAGE_DEPENDS
        "systemd-container (>= 252), passt, ${CPACK_FC_SYSTEMD_PACKAGE} (>= 252), ${CPACK_FC_PCRE2_PACKAGE}, ${CPACK_FC_GIT2_PACKAGE}")
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "sudo | opendoas | pkexec, libnss-mymachines, git, ${CPACK_FC_YAML_PACKAGE}")
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "nix-bin, mmdebstrap, skopeo, umoci, bash-completion")
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA ${CMAKE_CURRENT_LIST_DIR}/debian/prerm)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)

# What Debian wants otherwise than `cmake --install` does it.
set(CPACK_PRE_BUILD_SCRIPTS ${CMAKE_CURRENT_LIST_DIR}/debian/arrange.cmake)
set(CPACK_FC_SOURCE ${PROJECT_SOURCE_DIR})
include(CPack)
