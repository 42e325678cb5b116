/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Which of the two rule images decides. */
#ifndef PACKETLOG_IMAGE_IN_FORCE_H
#define PACKETLOG_IMAGE_IN_FORCE_H

#include "rule_image.h"
#include "rule_lookup.h"

/* The rule image in force, or NULL. */
static __always_inline void *image_in_force(void)
{
	__u32 slot = RULE_PROVISIONAL;
	void *image = bpf_map_lookup_elem(&rule_images, &slot);
	struct rule_line *line;

	if (image) {
		line = line_at(image, 0);
		if (line && bpf_ktime_get_ns() < line->header.until_mono_ns)
			return image;
	}
	slot = RULE_CONFIRMED;
	return bpf_map_lookup_elem(&rule_images, &slot);
}

#endif
