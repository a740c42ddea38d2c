// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright: (c) 2026, The Firebreak authors
/*
 * A live patch that everybody can see: /proc/version says that it is in force, and which one it is.
 * With LEVEL 3 it also replaces the main function of kswapd0, which never leaves it: that patch cannot come into force.
 */
#include <linux/livepatch.h>
#include <linux/module.h>
#include <linux/seq_file.h>
#include <linux/utsname.h>

static int patched_version_proc_show(struct seq_file *m, void *v)
{
	seq_printf(m, "Linux version %s patched in memory, level %d\n", utsname()->release, LEVEL);
	return 0;
}

#if LEVEL == 3
static int patched_kswapd(void *p)
{
	return 0;
}
#endif

static struct klp_func functions[] = {
	{ .old_name = "version_proc_show", .new_func = patched_version_proc_show },
#if LEVEL == 3
	{ .old_name = "kswapd", .new_func = patched_kswapd },
#endif
	{ }
};

static struct klp_object objects[] = { { .funcs = functions }, { } };

static struct klp_patch patch = { .mod = THIS_MODULE, .objs = objects, .replace = true };

static int __init enable(void)
{
	return klp_enable_patch(&patch);
}

static void __exit leave(void)
{
}

module_init(enable);
module_exit(leave);
MODULE_LICENSE("GPL");
MODULE_INFO(livepatch, "Y");
