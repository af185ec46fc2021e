const CTRL_C = "\u0003";
const CTRL_BACKSLASH = "\u001c";

/**
 * Keeps what is typed from showing up in the middle of a live frame. The terminal no longer makes signals of keys then,
 * so that is done here. Returns what puts the terminal back.
 */
export function quietInput(): () => void {
  const { stdin } = process;
  if (!stdin.isTTY) return () => undefined;
  const read = (chunk: Buffer): void => {
    for (const key of chunk.toString("latin1")) {
      if (key === CTRL_C) process.kill(process.pid, "SIGINT");
      if (key === CTRL_BACKSLASH) process.kill(process.pid, "SIGQUIT");
    }
  };
  stdin.setRawMode(true);
  stdin.on("data", read);
  // Whoever read before may have paused it.
  stdin.resume();
  return () => {
    stdin.off("data", read);
    stdin.setRawMode(false);
    stdin.pause();
  };
}
