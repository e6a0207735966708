/*
 * What `fyke run` and `fyke coordinator` share: parse, run the engine, draw.
 */
#ifndef FYKE_TOOLS_DRIVE_H
#define FYKE_TOOLS_DRIVE_H

#include "tools/fyke/command.h"

/* Parses the command's flags and its one INPUT, and runs the engine until the
 * input ends. `local`: local workers are the rule, talk is for a person; else
 * a service that logs. Returns the exit code. */
int drive_engine(const struct command *command, int argc, char **argv,
                 const char *missing_input);

#endif
