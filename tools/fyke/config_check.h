/*
 * What the option table cannot say of settings: texts with a form of their
 * own, and settings that must fit each other.
 */
#ifndef FYKE_TOOLS_CONFIG_CHECK_H
#define FYKE_TOOLS_CONFIG_CHECK_H

#include "tools/fyke/config_layers.h"

/* Calls `problem` for each thing that the start would refuse, with the
 * setting it is about. Looks at no file and at no address. */
void config_check(const struct config_layers *l,
                  void (*problem)(void *context, const char *setting,
                                  const char *text),
                  void *context);

#endif
