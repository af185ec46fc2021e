/** A step that failed; the message says what to do. Shown without a stack. */
export class QuickstartError extends Error {}

/** The user pressed Ctrl-C. */
export class Interrupted extends Error {}
