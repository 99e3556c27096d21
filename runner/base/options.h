/* SPDX-License-Identifier: MIT */
#pragma once

/* Command line options as tables: parsing, `--help` and completion come from the same rows, and so does the
 * command line of a program of ours that another one starts. */

#include <sys/types.h>

#include "base/error.h"
#include "base/strv.h"

typedef enum OptionType {
        OPTION_FLAG,     /* bool; a repeated one is the same */
        OPTION_STRING,   /* char *, the last one counts */
        OPTION_STRINGS,  /* char **, each is added */
        OPTION_OPTIONAL, /* char *, "" without a value; "-o VALUE" only for a number with a sign */
        OPTION_SECONDS,  /* uint64_t microseconds from whole or decimal seconds; UINT64_MAX: not given */
        OPTION_IGNORED,  /* accepted for people who know it from elsewhere, without effect */
        OPTION_PID,      /* pid_t; 0: not given */
        OPTION_FD,       /* int, an inherited descriptor, which becomes O_CLOEXEC; see options_init() */
        OPTION_OTHER,    /* what the row's kind says */
} OptionType;

/* A type of one program's. */
typedef struct OptionKind {
        /* Called for each time that the option is given. */
        int (*parse)(void *field, const char *value, Error *reterr);
        /* Adds words to @argv. */
        void (*print)(const void *field, const char *name, char ***argv);
        void (*done)(void *field); /* NULL: the field owns nothing */
        /* Lets the next program that is executed have the descriptors; NULL: there are none. */
        void (*inherit)(const void *field);
} OptionKind;

typedef struct Option {
        const char *name; /* without the dashes; NULL: only the letter */
        char letter;      /* 0: none */
        OptionType type;
        size_t offset;        /* of the field in the target */
        const char *argument; /* its name in the help; NULL for flags */
        const char *help;     /* NULL: not for people */
        bool required;
        const OptionKind *kind; /* of OPTION_OTHER */
} Option;

typedef struct OptionTable {
        const Option *rows;
        size_t n_rows;
        void *target; /* owns the strings that are put there, see options_done() */
        /* Of an option that is not known, such as "-f" or "--file": what there is instead; NULL: it knows
         * nothing. */
        const char *(*explain)(const char *option);
} OptionTable;

/**
 * options_parse() - read options into their targets
 * @tables: looked up in this order
 * @stop_early: leave everything from the first operand on alone (it is another program's command line)
 * @ret_operands: what is not an option, owned by the caller; "--" itself is left out
 *
 * FC_EXIT_USAGE with one line that names the option, and the nearest to one that is not known.
 */
int options_parse(const OptionTable *tables, size_t n_tables, char *const *argv, bool stop_early,
                  char ***ret_operands, Error *reterr);

/* Sets the descriptors of an empty target to -EBADF. */
void options_init(const OptionTable *table);

/* Frees the strings in a target, and closes its descriptors. */
void options_done(const OptionTable *table);

/* The words from which options_parse() fills such a target again; they are added to @argv. */
void options_print(const OptionTable *table, char ***argv);

/* Takes O_CLOEXEC from the descriptors of a target: for the child that executes the program. */
void options_inherit(const OptionTable *table);

/* "7" names descriptor 7. Return: the descriptor, O_CLOEXEC from now on; -EBADF and no Error: @text does not
 * begin with the number of one that was inherited. */
int option_parse_fd(const char *text, const char **ret_end);

/* Prints a row for each option. */
void options_print_help(FILE *f, const Option *rows, size_t n_rows);
