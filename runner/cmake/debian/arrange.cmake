# Run by cpack on what it has installed, before it packs that: the places, names and compression that Debian has.
if(NOT CPACK_GENERATOR STREQUAL "DEB")
        return()
endif()
foreach(library SYSTEMD PCRE2 GIT2)
        if(NOT CPACK_FC_${library}_PACKAGE)
                message(FATAL_ERROR "no Debian package is known that has lib${library}, which the program needs")
        endif()
endforeach()
set(share ${CPACK_TEMPORARY_INSTALL_DIRECTORY}/usr/share)
set(doc ${share}/doc/${CPACK_PACKAGE_NAME})

# What Debian's zsh looks through.
file(MAKE_DIRECTORY ${share}/zsh/vendor-completions)
file(RENAME ${share}/zsh/site-functions/_flake-containers ${share}/zsh/vendor-completions/_flake-containers)
file(REMOVE_RECURSE ${share}/zsh/site-functions)

# The same source makes the same package, whenever that is.
set(when "$ENV{SOURCE_DATE_EPOCH}")
if(NOT when AND EXISTS ${CPACK_FC_SOURCE}/.git)
        execute_process(COMMAND git -C ${CPACK_FC_SOURCE} log -1 --format=%ct
                OUTPUT_VARIABLE when ERROR_QUIET OUTPUT_STRIP_TRAILING_WHITESPACE)
endif()
if(NOT when)
        file(TIMESTAMP ${CPACK_FC_SOURCE}/CHANGELOG.md when %s UTC)
endif()
set(ENV{SOURCE_DATE_EPOCH} ${when})
set(ENV{LC_ALL} C)
string(TIMESTAMP date "%a, %d %b %Y %H:%M:%S +0000" UTC)
file(WRITE ${doc}/changelog.Debian "${CPACK_PACKAGE_NAME} (${CPACK_PACKAGE_VERSION}-${CPACK_DEBIAN_PACKAGE_RELEASE}) unstable; urgency=medium

  * What has changed is told in changelog.gz.

 -- ${CPACK_PACKAGE_CONTACT}  ${date}
")
file(RENAME ${doc}/CHANGELOG.md ${doc}/changelog)

file(READ ${doc}/LICENSE license)
string(REGEX MATCH "Copyright \\(c\\) ([^\n]+)" holder "${license}")
set(holder ${CMAKE_MATCH_1})
string(REGEX REPLACE "^.*\nPermission is" "Permission is" license "${license}")
string(STRIP "${license}" license)
string(REGEX REPLACE "\n\n" "\n.\n" license "${license}")
string(REGEX REPLACE "\n" "\n " license "${license}")
file(WRITE ${doc}/copyright "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: ${CPACK_PACKAGE_NAME}
Source: ${CPACK_PACKAGE_HOMEPAGE_URL}

Files: *
Copyright: ${holder}
License: Expat

License: Expat
 ${license}
")
file(REMOVE ${doc}/LICENSE)

file(WRITE ${share}/lintian/overrides/${CPACK_PACKAGE_NAME}
        "# It runs in containers, whatever C library these have.
statically-linked-binary [usr/libexec/flake-containers/gate]
# deb-systemd-invoke knows no patterns.
maintainer-script-calls-systemctl [prerm:*]
# It is not in Debian's archive.
initial-upload-closes-no-bugs
")

file(GLOB_RECURSE pages ${share}/man/*)
execute_process(COMMAND gzip --best --no-name ${pages} ${doc}/changelog ${doc}/changelog.Debian
        COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND chmod -R u=rwX,go=rX ${CPACK_TEMPORARY_INSTALL_DIRECTORY} COMMAND_ERROR_IS_FATAL ANY)
# Their times are in the package.
execute_process(COMMAND find ${CPACK_TEMPORARY_INSTALL_DIRECTORY} -exec touch --no-dereference --date=@${when} {} +
        COMMAND_ERROR_IS_FATAL ANY)
