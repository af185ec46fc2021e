import { LONGEST_GAP, type UsageReading } from "./usage-script.js";

/** Shares of a machine in use, 0 to 1 in whole percent; absent where the whole is not known. */
export interface LiveUse {
  cpu?: number;
  memory?: number;
  /** When its last reading was taken, in seconds since the machine started. */
  up: number;
}

/** What the shares are of. */
export interface Whole {
  cpus: number | undefined;
  memoryBytes: number | undefined;
}

/** What is older than this many seconds has no weight any more: that of a minute ago still has a third. */
const TIME_CONSTANT = 60;

/** A figure stays until it would differ by more than this: what wavers less moves nothing from one host to another. */
export const STEP = 0.05;

/** A figure that is older than an hour is no reason to keep one that is near it. */
const LONGEST_MEMORY = 3600;

/**
 * The figures that a machine's readings give, one after another. The cpu's is the mean between two readings, exact since
 * its counter misses nothing, smoothed with those before as load averages are. Pure, so that whoever looks at the same
 * readings sees the same figures.
 */
export function liveUse(readings: readonly UsageReading[], whole: Whole): LiveUse[] {
  const figures: LiveUse[] = [];
  const cpu = new Steady();
  const memory = new Steady();
  const newest = readings.at(-1)?.up ?? 0;
  const recent = readings.filter(({ up }) => newest - up <= LONGEST_MEMORY);
  recent.forEach((reading, i) => {
    const before = recent[i - 1];
    const seconds = before ? reading.up - before.up : 0;
    if (!before || seconds <= 0) return;
    if (seconds > LONGEST_GAP) {
      // The first of a new series: nothing can be said of the time before it.
      cpu.startAnew();
      memory.startAnew();
      return;
    }
    const figure: LiveUse = { up: reading.up };
    if (whole.cpus)
      figure.cpu = cpu.next((reading.busy - before.busy) / seconds / whole.cpus, seconds);
    if (whole.memoryBytes)
      figure.memory = memory.next(reading.memoryBytes / whole.memoryBytes, seconds);
    figures.push(figure);
  });
  return figures;
}

/** A share that follows what is measured, smoothed and in steps. */
class Steady {
  private smooth: number | undefined;
  private shown: number | undefined;

  startAnew(): void {
    this.smooth = undefined;
  }

  next(measured: number, seconds: number): number {
    const share = Math.min(1, Math.max(0, measured));
    const weight = this.smooth === undefined ? 1 : 1 - Math.exp(-seconds / TIME_CONSTANT);
    this.smooth = (this.smooth ?? 0) + weight * (share - (this.smooth ?? 0));
    if (this.shown === undefined || Math.abs(this.smooth - this.shown) > STEP)
      this.shown = Math.round(this.smooth * 100) / 100;
    return this.shown;
  }
}
