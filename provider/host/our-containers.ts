import type { DockerClient } from "./docker.js";
import type { ContainerSummary } from "./docker-types.js";
import { LABELS } from "./ownership.js";

interface Lists {
  running?: Promise<ContainerSummary[]>;
  next?: Promise<ContainerSummary[]>;
}

const lists = new WeakMap<DockerClient, Lists>();

/**
 * All containers with a label of ours on a host, whatever their stack, stopped ones too. Who asks while a list is
 * under way shares the next one with all others who do: a hundred containers that are made at once cost a few lists, and
 * each caller still sees at least what was there when it asked.
 */
export async function ourContainers(docker: DockerClient): Promise<ContainerSummary[]> {
  let shared = lists.get(docker);
  if (!shared) lists.set(docker, (shared = {}));
  const mine = shared;
  if (!mine.running) return start(docker, mine);
  mine.next ??= mine.running.then(ignore, ignore).then(() => {
    delete mine.next;
    return start(docker, mine);
  });
  // It ran under another caller's deadline; that one's end is not ours.
  return mine.next.catch(() => list(docker));
}

function start(docker: DockerClient, shared: Lists): Promise<ContainerSummary[]> {
  const running = list(docker).finally(() => {
    if (shared.running === running) delete shared.running;
  });
  shared.running = running;
  return running;
}

const list = (docker: DockerClient) => docker.listContainers({ label: [LABELS.owner] });
const ignore = () => undefined;
