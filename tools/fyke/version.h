/*
 * The program's version. FYKE_VERSION_TEXT comes from meson.build.
 */
#ifndef FYKE_TOOLS_VERSION_H
#define FYKE_TOOLS_VERSION_H

#define FYKE_VERSION FYKE_VERSION_TEXT

#endif
