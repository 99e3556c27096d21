# Removes what `cmake --install` of a build folder installs: cmake -D BUILD=FOLDER [-D PREFIX=PREFIX] -P uninstall.cmake
#
# What that is comes from installing it once more, to a scratch folder: CMake's own install_manifest.txt is also written
# by cpack, which installs elsewhere. Only what is ours is taken away: the files, and folders of our name.
cmake_minimum_required(VERSION 3.22)

set(scratch ${BUILD}/uninstall)
file(REMOVE_RECURSE ${scratch})
set(prefix)
if(PREFIX)
        set(prefix --prefix ${PREFIX})
endif()
execute_process(COMMAND ${CMAKE_COMMAND} -E env DESTDIR=${scratch} ${CMAKE_COMMAND} --install ${BUILD} ${prefix}
        OUTPUT_QUIET COMMAND_ERROR_IS_FATAL ANY)
file(GLOB_RECURSE installed LIST_DIRECTORIES true RELATIVE ${scratch} ${scratch}/*)
# What lies in a folder comes before it.
list(SORT installed ORDER DESCENDING)

set(left)
foreach(name ${installed})
        set(path $ENV{DESTDIR}/${name})
        if(NOT IS_DIRECTORY ${scratch}/${name})
                if(EXISTS ${path} OR IS_SYMLINK ${path})
                        message(STATUS "Removing: ${path}")
                        file(REMOVE ${path})
                endif()
                if(EXISTS ${path} OR IS_SYMLINK ${path})
                        list(APPEND left ${path})
                endif()
        elseif(name MATCHES "/flake-containers(/|$)" AND IS_DIRECTORY ${path})
                file(GLOB others LIST_DIRECTORIES true ${path}/* ${path}/.*)
                if(NOT others)
                        message(STATUS "Removing: ${path}")
                        file(REMOVE_RECURSE ${path})
                endif()
        endif()
endforeach()
file(REMOVE_RECURSE ${scratch})
if(left)
        list(JOIN left "\n  " left)
        message(FATAL_ERROR "these could not be removed:\n  ${left}")
endif()
