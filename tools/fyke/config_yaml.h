/*
 * A configuration file as a flat list of settings: YAML through libyaml's
 * events. Knows nothing of which settings there are.
 *
 * Form     one mapping, `NAME: VALUE` or `NAME: [A, B]`. Anchors, aliases,
 *          tags, mappings in mappings and further documents are refused.
 * Errors   every problem found is kept with its place; reading goes on behind
 *          it unless the text is no YAML from there on.
 * Memory   bounded by the limits of config_list.h; no recursion.
 */
#ifndef FYKE_TOOLS_CONFIG_YAML_H
#define FYKE_TOOLS_CONFIG_YAML_H

#include "tools/fyke/config_list.h"

/* Reads a whole text. What is wrong with it is in the list.
 * Errors: ERR_NOMEM. */
FYKE_MUST_USE int config_yaml_read(struct config_list *l, const uint8_t *bytes,
                                   size_t n);

#endif
