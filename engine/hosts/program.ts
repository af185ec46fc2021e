import type { Link } from "../link/link.js";

/** How a program ended. */
export interface ProgramResult {
  ok: boolean;
  /** Why it failed, unless it has said so itself. */
  message?: string;
}

/** Runs a program once. */
export interface ProgramHost {
  run(launch: ProgramLaunch): Promise<ProgramResult>;
  /** Ends a program whose operation is over. */
  stop(): Promise<void>;
}

export interface ProgramLaunch {
  /** Address of the monitor and the engine. */
  address: string;
  /** Gives a child the same services over its pipe. */
  serve: (link: Link) => void;
  /** Somebody reads debug messages. */
  debug: boolean;
  organization: string;
  project: string;
  stack: string;
  dryRun: boolean;
  parallel: number;
  config: { values: Record<string, string>; secretKeys: string[] };
}
