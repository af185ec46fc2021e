import { CloudError, isConflict, isNotFound, isUnreachable } from "../../errors.js";
import { claim } from "../../host/claim.js";
import type { ContainerInspect, ContainerSummary } from "../../host/docker-types.js";
import { faultPoint } from "../../host/faults.js";
import { progress } from "../../progress.js";
import { attachFailure, describe } from "./attach.js";
import { createBody } from "./docker-config.js";
import type { HostNow } from "./host-facts.js";
import { ensureImage, type FoundImage } from "./image.js";
import { bindSourceProblem } from "./mounts.js";
import { inspectIfThere, inspectOwn } from "./observe.js";
import { removeOwn } from "./remove.js";
import { reserveSecrets, secretsFolder } from "./secrets.js";
import { removeSecrets } from "./secrets-removal.js";
import { claimOf, discard, hostOf, isNew, keep, type Work } from "./work.js";

export async function pull({ docker, inputs }: Work): Promise<FoundImage> {
  return ensureImage(docker, inputs.spec, { onProgress: (line) => progress(line, inputs.meta) });
}

export async function make(
  work: Work,
  own: ContainerSummary[],
  host: HostNow,
  image: FoundImage,
): Promise<ContainerInspect> {
  const { docker, inputs, generation } = work;
  await resolveBinds(work);
  // Never started and not wanted any more: nothing runs in it, but it may hold what the new one needs.
  for (const row of own.filter(({ State }) => State === "created")) {
    const stale = await inspectOwn(docker, row.Id, work.owner);
    if (stale && isNew(stale)) await removeOwn(docker, stale, 0);
  }
  const folder = inputs.spec.secrets.length > 0 ? secretsFolder(work.owner, generation) : undefined;
  if (folder !== undefined) await reserveSecrets(docker.transport, folder, inputs.spec);
  progress("creating", inputs.meta);
  const body = createBody(inputs, {
    generation,
    resolvers: host.resolvers,
    apiMinor: await docker.apiMinor(),
    secretsFolder: folder,
    ...(image.user === undefined ? {} : { imageUser: image.user }),
  });
  let isAsked = false;
  const details = await claim(
    docker,
    claimOf(work, generation, host),
    async () => {
      isAsked = true;
      const { Id } = await createOrExplain(work, body);
      const made = await docker.inspectContainer(Id);
      keep(work, made);
      await faultPoint("created", hostOf(work));
      return made;
    },
    async () => {
      const made = work.status && (await inspectOwn(docker, work.status.containerId, work.owner));
      if (made) await discard(work, made);
    },
  ).catch(async (error: unknown) => {
    const isSure = !isUnreachable(error) && work.status === undefined;
    // Nothing was made that needs them, and nobody would find them again. Why it was not made is what the user has to read.
    if (isSure && folder !== undefined)
      await removeSecrets(docker.transport, folder).catch(() => {});
    throw isAsked && work.status === undefined ? mayExist(work, error) : error;
  });
  return details;
}

/** Docker was asked to make it, and its answer never came. */
function mayExist(work: Work, error: unknown): unknown {
  if (!(error instanceof CloudError) || !isUnreachable(error)) return error;
  const what = (error.message.split("\n")[0] ?? "").replace(/^host [^:]+: /, "");
  return new CloudError(error.code, `container ${work.name} may have been created: ${what}`, {
    host: hostOf(work),
    reasons: [...error.reasons],
    hint: "Check the host and run again: a container that was made is found and adopted.",
    cause: error,
  });
}

async function createOrExplain(work: Work, body: ReturnType<typeof createBody>) {
  const { docker, name } = work;
  try {
    return await docker.createContainer(name, body);
  } catch (error) {
    if (isConflict(error)) {
      const other = await inspectIfThere(docker, name);
      if (other) {
        throw new CloudError("conflict", `the name ${name} is taken by ${describe(other)}`, {
          host: hostOf(work),
          hint: "Rename or remove that container, then run again.",
          cause: error,
        });
      }
    }
    const network = work.inputs.place.networks.find(({ dockerName }) =>
      String(error).includes(dockerName),
    );
    throw isNotFound(error) && network ? await attachFailure(docker, network, error) : error;
  }
}

/** A folder that is a symlink into what must not be mounted is refused as that is. */
async function resolveBinds({ docker, inputs }: Work): Promise<void> {
  const binds = inputs.spec.mounts.flatMap((mount, index) =>
    mount.kind === "bind" ? [{ ...mount, index }] : [],
  );
  if (binds.length === 0) return;
  const answers = await Promise.all(
    binds.map(({ source }) => docker.transport.exec(["readlink", "-f", "--", source])),
  );
  binds.forEach(({ index, readOnly }, at) => {
    const real = answers[at]?.code === 0 ? answers[at].stdout.trimEnd() : "";
    const problem = real === "" ? undefined : bindSourceProblem(real, readOnly);
    if (problem) {
      throw new CloudError(
        "invalid-input",
        `mounts[${index}].bind: ${problem}, and this is a link to it`,
        {
          host: inputs.place.host,
          hint: "Mount a folder of its own.",
        },
      );
    }
  });
}
