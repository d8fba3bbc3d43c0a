/**
 * Preloaded into every child: when the launcher is gone, however it went, the channel to it closes
 * and the child ends at once. Nothing here depends on the child's own code.
 */
process.once("disconnect", () => process.exit(1));
process.channel?.unref();
