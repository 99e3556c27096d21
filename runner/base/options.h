/* SPDX-License-Identifier: MIT */
#pragma once

/* Command line options as tables: parsing, `--help` and completion come from the same rows. */

#include "base/error.h"
#include "base/strv.h"

typedef enum OptionType {
        OPTION_FLAG,     /* bool; a repeated one is the same */
        OPTION_STRING,   /* char *, the last one counts */
        OPTION_STRINGS,  /* char **, each is added */
        OPTION_OPTIONAL, /* char *, "" without a value; "-o VALUE" only for a number with a sign */
        OPTION_SECONDS,  /* uint64_t microseconds from whole or decimal seconds; UINT64_MAX: not given */
        OPTION_IGNORED,  /* accepted for people who know it from elsewhere, without effect */
} OptionType;

typedef struct Option {
        const char *name; /* without the dashes; NULL: only the letter */
        char letter;      /* 0: none */
        OptionType type;
        size_t offset;        /* of the field in the target */
        const char *argument; /* its name in the help; NULL for flags */
        const char *help;     /* NULL: not for people */
} Option;

typedef struct OptionTable {
        const Option *rows;
        size_t n_rows;
        void *target; /* owns the strings that are put there, see options_done() */
} OptionTable;

/**
 * options_parse() - read options into their targets
 * @tables: looked up in this order
 * @stop_early: leave everything from the first operand on alone (it is somebody else's command line)
 * @ret_operands: what is no option, owned by the caller; "--" itself is left out
 *
 * FC_EXIT_USAGE with one line that names the option.
 */
int options_parse(const OptionTable *tables, size_t n_tables, char *const *argv, bool stop_early,
                  char ***ret_operands, Error *reterr);

/* Frees the strings in a target. */
void options_done(const OptionTable *table);

/* Prints a row for each option. */
void options_print_help(FILE *f, const Option *rows, size_t n_rows);
