# Hardening of release builds. Not with sanitizers or -O0: FORTIFY needs optimisation, and zeroed automatic variables
# hide from the sanitizers what they are there to find.
include(CheckCCompilerFlag)
include(CheckPIESupported)
check_pie_supported()
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

add_compile_options(-fno-strict-aliasing -fno-common -fvisibility=hidden)

if(CMAKE_BUILD_TYPE STREQUAL "Release" AND NOT FC_SANITIZE)
        foreach(flag -fstack-protector-strong -fstack-clash-protection -fcf-protection -ftrivial-auto-var-init=zero)
                string(MAKE_C_IDENTIFIER "FC_HAVE${flag}" variable)
                check_c_compiler_flag("-Werror ${flag}" ${variable})
                if(${variable})
                        add_compile_options(${flag})
                endif()
        endforeach()
        add_compile_options(-O2 -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
        add_link_options(-Wl,-z,relro,-z,now,-z,noexecstack)
endif()
# By which a program and its symbols find each other; some distributions have it switched off.
add_link_options(-Wl,--build-id=sha1)
# The same source makes the same program wherever it lies. Debuggers want to know.
if(NOT CMAKE_BUILD_TYPE STREQUAL "Debug")
        add_compile_options(-ffile-prefix-map=${PROJECT_SOURCE_DIR}/=)
endif()

add_link_options(-Wl,--as-needed)
