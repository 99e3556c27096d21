# Warnings for every target; -Werror only on request, so that a newer compiler does not break a user's build.
include(CheckCCompilerFlag)

foreach(flag
        -Wall -Wextra -Wshadow -Wundef -Wvla -Wformat=2 -Wstrict-prototypes -Wmissing-prototypes
        -Wmissing-declarations -Wpointer-arith -Wwrite-strings -Wredundant-decls -Wimplicit-fallthrough
        -Wlogical-op -Wduplicated-cond -Wjump-misses-init -Wdate-time
        -Wno-unused-parameter -Wno-missing-field-initializers
        -Werror=implicit-function-declaration -Werror=incompatible-pointer-types -Werror=int-conversion
        -Werror=return-type -Werror=format-security)
        string(MAKE_C_IDENTIFIER "FC_HAVE${flag}" variable)
        # An unknown -Wno-... is accepted silently by gcc, an unknown -W... only warned about by clang.
        check_c_compiler_flag("-Werror ${flag}" ${variable})
        if(${variable})
                add_compile_options(${flag})
        endif()
endforeach()

# What one source has to itself is seen in those that are compiled with it.
if(CMAKE_UNITY_BUILD)
        add_compile_options(-Wno-shadow)
endif()

if(FC_WERROR)
        add_compile_options(-Werror)
endif()
