# Writes OUTPUT, the C file that says of which commit the program is made: cmake -D SOURCE=.. -D OUTPUT=.. [-D REVISION=..]
# -P revision.cmake. That is REVISION or, where SOURCE is a checkout, what git says; else it is not known. Run by every
# build, so it leaves a file alone that says the same.
cmake_minimum_required(VERSION 3.22)

if(NOT REVISION AND EXISTS ${SOURCE}/.git)
        # Without tags, which not every clone has. Git does not answer in a checkout of another user.
        set(ENV{GIT_OPTIONAL_LOCKS} 0)
        execute_process(COMMAND git -C ${SOURCE} describe --always --dirty --abbrev=40 --exclude=*
                OUTPUT_VARIABLE REVISION ERROR_QUIET OUTPUT_STRIP_TRAILING_WHITESPACE)
endif()
file(CONFIGURE OUTPUT ${OUTPUT} @ONLY CONTENT "#include \"base/build.h\"

const char build_revision[] = \"@REVISION@\";
")
