import { CloudError } from "../errors.js";
import { redact } from "../redact.js";
import type { DockerClient } from "./docker.js";
import { collides, devicesOf, portsOf, type HeldPort } from "./held.js";
import { ourContainers } from "./our-containers.js";
import { LABELS } from "./ownership.js";
import {
  readReservations,
  reservationOf,
  writeReservation,
  type Reservation,
} from "./reservations.js";
import type { Transport } from "./transport.js";

/** What a host may hold, headroom taken off. */
export interface HostCapacity extends Reservation {
  /** Containers of ours, whatever their stack. */
  maxContainers?: number;
}

export interface Claimant extends Reservation {
  owner: string;
  /** Written on the container as a label before it exists, so that it is known from then on. */
  generation: string;
  capacity: HostCapacity;
  /** Host ports that it publishes. Default none. */
  ports?: readonly HeldPort[];
  /** Ids of the host's devices that it has for itself. Default none. */
  devices?: readonly string[];
  /** What it has already: only more than that has to fit. Absent: it is new. */
  before?: Reservation;
}

/** Joins of one held lock end after this time, so that other stacks get their turn. */
const TURN_MS = 2000;

/**
 * Makes a container and verifies that the host can hold it, as one step that no other engine can come between: both
 * happen under the host's lock, so whoever makes its container first is counted first, whatever the clocks say. The
 * containers that one process makes on a host share the lock and are decided one after another in memory. The loser
 * gets `lost-race` and must remove its container (`discard`) before the lock is given back.
 */
export async function claim<T>(
  docker: DockerClient,
  claimant: Claimant,
  make: () => Promise<T>,
  discard: () => Promise<void>,
): Promise<T> {
  const ledger = ledgerOf(docker.transport);
  return ledger.turn(async (turn) => {
    ledger.begin(claimant);
    try {
      const made = await make();
      const others = await othersOn(docker, ledger, turn, claimant);
      const refusal = ledger.decide(claimant, others, docker.transport.connection.name);
      if (refusal) {
        await discard();
        throw refusal;
      }
      return made;
    } catch (error) {
      ledger.giveUp(claimant);
      throw error;
    }
  });
}

/** Takes a claim back: the container was removed. */
export function releaseClaim(transport: Transport, generation: string): void {
  ledgerOf(transport).end(generation);
}

/**
 * Notes what a running container reserves from now on, under the same lock and only if the host can hold it; then
 * `change` changes its limits. What it had before is noted again when that fails.
 */
export async function claimChange(
  docker: DockerClient,
  claimant: Claimant & { before: Reservation },
  id: string,
  change: () => Promise<unknown>,
): Promise<void> {
  const note = (reservation: Reservation) => writeReservation(docker.transport, id, reservation);
  const undo = () => note(claimant.before);
  const ledger = ledgerOf(docker.transport);
  await claim(docker, claimant, () => note(claimant), undo);
  try {
    await change();
    ledger.changed(claimant);
  } catch (error) {
    ledger.giveUp(claimant);
    await undo();
    throw error;
  }
}

interface Others {
  /** All other reservations on the host that this process has not made itself, the newest first. */
  held: Held[];
  /** A container of the same owner is there, whose successor takes no further place. */
  isSuccessor: boolean;
}

async function othersOn(
  docker: DockerClient,
  ledger: Ledger,
  turn: Turn,
  { owner, generation }: Claimant,
): Promise<Others> {
  const [rows, changed] = await Promise.all([
    ourContainers(docker),
    (turn.changed ??= readReservations(docker.transport)),
  ]);
  const generationOf = ({ Labels }: (typeof rows)[number]) => Labels[LABELS.generation] ?? "";
  const there = [...rows]
    .sort((a, b) => b.Created - a.Created)
    .filter(({ State }) => State !== "dead" && State !== "removing");
  const isSuccessor = there.some(
    (row) => row.Labels[LABELS.owner] === owner && generationOf(row) !== generation,
  );
  const held = there
    .filter((row) => row.Labels[LABELS.owner] !== owner && !ledger.has(generationOf(row)))
    .map((row) => ({
      ...reservationOf(row, changed),
      owner: row.Labels[LABELS.owner] ?? "",
      ports: portsOf(row),
      devices: devicesOf(row),
    }));
  return { held, isSuccessor };
}

/** What another container on the host has. */
interface Held extends Reservation {
  owner: string;
  ports: readonly HeldPort[];
  devices: readonly string[];
}

interface Entry extends Held {
  /** It counts for others: it was found to fit, or it is there already and only changes. */
  counts: boolean;
}

interface Turn {
  since: number;
  users: number;
  /** Resolves when the lock is held, rejects when it cannot be had or is lost. */
  held: Promise<void>;
  lost: Promise<never>;
  giveBack: () => void;
  /** Read once: whoever else wants to change one needs the lock. */
  changed?: Promise<Record<string, Reservation>>;
}

/** What this process has claimed on one host. Deciding is synchronous, so two claims never overlap. */
class Ledger {
  private readonly entries = new Map<string, Entry>();
  private current: Turn | undefined;

  constructor(private readonly transport: Transport) {}

  has(generation: string): boolean {
    return this.entries.has(generation);
  }

  /** What runs already goes on counting with what it has, until more is decided. */
  begin(claimant: Claimant): void {
    const { generation, owner, before, ports = [], devices = [] } = claimant;
    const { cpus, memoryBytes } = before ?? claimant;
    const held = { owner, cpus, memoryBytes, ports, devices };
    this.entries.set(generation, { ...held, counts: before !== undefined });
  }

  /** What is new was not made; what runs has what it had, whatever was read of it meanwhile. */
  giveUp(claimant: Claimant): void {
    if (claimant.before) this.begin(claimant);
    else this.end(claimant.generation);
  }

  /** Its limits are what it wanted: what it had more before is free from now on. */
  changed({ generation, cpus, memoryBytes }: Claimant): void {
    const entry = this.entries.get(generation);
    if (entry) Object.assign(entry, { cpus, memoryBytes });
  }

  end(generation: string): void {
    this.entries.delete(generation);
  }

  /** Accepts, or says why not. */
  decide(claimant: Claimant, { held, isSuccessor }: Others, host: string): CloudError | undefined {
    const mine = [...this.entries.values()]
      .filter((entry) => entry.counts && entry.owner !== claimant.owner)
      .reverse();
    const taken = onePlaceEach(held, mine);
    const lacks = lacksOf(claimant, taken, isSuccessor);
    const clashes = clashesOf(claimant, taken);
    if (lacks.length + clashes.length === 0) {
      const entry = this.entries.get(claimant.generation);
      if (entry) Object.assign(entry, atMost(claimant), { counts: true });
      return undefined;
    }
    const what = lacks.length > 0 ? "the last slot" : (clashes[0]?.what ?? "");
    return new CloudError("lost-race", `lost the race for ${what} on ${host}`, {
      resource: claimant.owner,
      reasons: [
        ...lacks.map(({ sentence }) => redact(`${claimant.owner} ${sentence}`)),
        ...holdersOf(lacks, taken).map((sentence) => redact(sentence)),
        ...clashes.map(({ what, holder }) => redact(`${holder} has ${what}`)),
      ],
      hint: claimant.before
        ? "Its limits are as before; run again: the plan then sees what the others took."
        : "Nothing of it was left there; run again: the plan then sees what the others took.",
    });
  }

  /** Runs `body` while the host's lock is held; bodies that come within a turn share it. */
  async turn<T>(body: (turn: Turn) => Promise<T>): Promise<T> {
    let turn = this.current;
    if (!turn || Date.now() - turn.since > TURN_MS) turn = this.openTurn();
    turn.users += 1;
    try {
      await turn.held;
      return await Promise.race([body(turn), turn.lost]);
    } finally {
      turn.users -= 1;
      if (turn.users === 0) {
        if (this.current === turn) this.current = undefined;
        turn.giveBack();
      }
    }
  }

  private openTurn(): Turn {
    let giveBack = () => {};
    const over = new Promise<void>((resolve) => (giveBack = resolve));
    let gotIt = () => {};
    const got = new Promise<void>((resolve) => (gotIt = resolve));
    const lock = this.transport.withLock("capacity", async () => {
      turn.since = Date.now();
      gotIt();
      await over;
    });
    // Settles with an error only: a lock that ends well has nothing more to say.
    const lost = lock.then(() => new Promise<never>(() => {}));
    lost.catch(() => {});
    const held = Promise.race([got, lost]);
    held.catch(() => {});
    const turn: Turn = { since: Date.now(), users: 0, held, lost, giveBack };
    this.current = turn;
    return turn;
  }
}

const ledgers = new WeakMap<Transport, Ledger>();

function ledgerOf(transport: Transport): Ledger {
  let ledger = ledgers.get(transport);
  if (!ledger) {
    ledger = new Ledger(transport);
    ledgers.set(transport, ledger);
  }
  return ledger;
}

/** Half a millionth of a core is no over-commitment, only arithmetic. */
const EPSILON = 5e-7;
const MIB = 1024 * 1024;

/** What it has until its limits are changed: less is free only then, more is taken at once. */
function atMost({ cpus, memoryBytes, before }: Claimant): Reservation {
  return {
    cpus: Math.max(cpus, before?.cpus ?? 0),
    memoryBytes: Math.max(memoryBytes, before?.memoryBytes ?? 0),
  };
}

/**
 * A container and those that it replaces have one place while all of them are there, as in the plan: what the newest reserves. The
 * old ones go at the end of an up that succeeds, so whoever has the plan's word for what they had more must not wait for
 * them. Their ports and devices are not free before. `held` and `mine` newest first, and what is mine is newer.
 */
function onePlaceEach(held: readonly Held[], mine: readonly Held[]): Held[] {
  const newest = new Map<string, Held>();
  for (const each of [...mine, ...held]) {
    const { owner } = each;
    const newer = newest.get(owner);
    if (!newer) newest.set(owner, each);
    else {
      const ports = [...newer.ports, ...each.ports];
      newest.set(owner, { ...newer, ports, devices: [...newer.devices, ...each.devices] });
    }
  }
  const owners = new Set([...held, ...mine].map(({ owner }) => owner));
  return [...owners].flatMap((owner) => newest.get(owner) ?? []);
}

/** Ports and devices that another container has. */
function clashesOf(
  { ports = [], devices = [] }: Claimant,
  taken: readonly Held[],
): { what: string; holder: string }[] {
  return taken.flatMap(({ owner: holder, ...held }) => [
    ...ports
      .filter((port) => held.ports.some((other) => collides(port, other)))
      .map(({ hostPort, protocol }) => ({ what: `port ${hostPort}/${protocol}`, holder })),
    ...devices
      .filter((id) => held.devices.includes(id))
      .map((id) => ({ what: `device ${id}`, holder })),
  ]);
}

/** Something that there is not enough of, and how much of it another container has. */
interface Lack {
  sentence: string;
  heldBy: (held: Held) => string | undefined;
}

function lacksOf(claimant: Claimant, taken: readonly Held[], isSuccessor: boolean): Lack[] {
  const { capacity, before } = claimant;
  const freeCpus = capacity.cpus - sum(taken.map(({ cpus }) => cpus));
  const freeBytes = capacity.memoryBytes - sum(taken.map(({ memoryBytes }) => memoryBytes));
  const lacks: Lack[] = [];
  if (claimant.cpus > Math.max(freeCpus, before?.cpus ?? 0) + EPSILON) {
    lacks.push({
      sentence: `needs ${claimant.cpus} cpus, ${round(Math.max(0, freeCpus))} of ${capacity.cpus} are free`,
      heldBy: ({ cpus }) => (cpus > 0 ? `${round(cpus)} cpus` : undefined),
    });
  }
  if (claimant.memoryBytes > Math.max(freeBytes, before?.memoryBytes ?? 0)) {
    lacks.push({
      sentence: `needs ${mib(claimant.memoryBytes)} MiB memory, ${mib(Math.max(0, freeBytes))} of ${mib(capacity.memoryBytes)} are free`,
      heldBy: ({ memoryBytes }) => (memoryBytes > 0 ? `${mib(memoryBytes)} MiB memory` : undefined),
    });
  }
  const max = capacity.maxContainers;
  if (max !== undefined && taken.length >= max && !before && !isSuccessor) {
    lacks.push({
      sentence: `would be container ${taken.length + 1} of at most ${max}`,
      heldBy: () => "a place",
    });
  }
  return lacks;
}

/** Who came before: the newest are those that the plan has not seen. */
const HOLDERS_NAMED = 3;

function holdersOf(lacks: readonly Lack[], taken: readonly Held[]): string[] {
  const sentences = taken.flatMap((held) => {
    const parts = lacks.flatMap(({ heldBy }) => heldBy(held) ?? []);
    return parts.length > 0 ? [`${held.owner} has ${parts.join(" and ")}`] : [];
  });
  const more = sentences.length - HOLDERS_NAMED;
  const rest = more > 0 ? [`${more} more ${more === 1 ? "has" : "have"} some, made earlier`] : [];
  return [...sentences.slice(0, HOLDERS_NAMED), ...rest];
}

const sum = (values: number[]) => values.reduce((total, value) => total + value, 0);
const round = (value: number) => Number(value.toFixed(3));
const mib = (bytes: number) => Number((bytes / MIB).toFixed(1));
