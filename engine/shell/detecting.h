/*
 * Settings to what detectors are given: one place for runs, for bounds and
 * for whoever checks a configuration.
 */
#ifndef FYKE_SHELL_DETECTING_H
#define FYKE_SHELL_DETECTING_H

#include "engine/detect/detect.h"
#include "engine/shell/settings.h"

struct detect_config detecting_config(const struct settings *s);

#endif
