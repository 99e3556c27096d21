# A library that is loaded when it is needed, not linked: what is recorded is the name a linker would record, and where it
# was when this was built.
find_program(FC_READELF NAMES ${CMAKE_READELF} readelf REQUIRED)
# fc_library_name(LIBRARY PREFIX DIRECTORY..): sets PREFIX_SONAME and PREFIX_DIRECTORY.
function(fc_library_name library prefix)
        find_library(${prefix}_LIBRARY ${library} HINTS ${ARGN} REQUIRED)
        execute_process(COMMAND ${FC_READELF} -d ${${prefix}_LIBRARY} OUTPUT_VARIABLE dynamic COMMAND_ERROR_IS_FATAL ANY)
        if(NOT dynamic MATCHES "SONAME[^[]*\\[([^]]+)\\]")
                message(FATAL_ERROR "${${prefix}_LIBRARY} has no SONAME")
        endif()
        get_filename_component(directory ${${prefix}_LIBRARY} DIRECTORY)
        set(${prefix}_SONAME ${CMAKE_MATCH_1} PARENT_SCOPE)
        set(${prefix}_DIRECTORY ${directory} PARENT_SCOPE)
endfunction()
