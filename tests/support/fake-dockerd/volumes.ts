import { Refusal, bodyOf, filtersOf, labelsMatch, type Answer, type Call } from "./protocol.js";

/** The named volumes of one daemon. */
export class FakeVolumes {
  readonly present = new Map<string, { Name: string; Labels: Record<string, string> }>();

  /** As Docker does when a container names a volume that is not there. */
  ensure(name: string, labels: Record<string, string>) {
    const volume = this.present.get(name) ?? { Name: name, Labels: labels };
    this.present.set(name, volume);
    return {
      Driver: "local",
      Mountpoint: `/var/lib/docker/volumes/${name}/_data`,
      Options: null,
      Scope: "local",
      ...volume,
    };
  }

  answer(call: Call): Answer {
    const { method, query } = call;
    const [, id = ""] = call.path;
    if (method === "GET" && id === "") {
      const filters = filtersOf(query);
      return {
        Volumes: [...this.present.values()]
          .filter((volume) => labelsMatch(volume.Labels, filters["label"]))
          .map((volume) => this.ensure(volume.Name, {})),
      };
    }
    if (method === "POST") {
      const wanted = bodyOf<{ Name: string; Labels?: Record<string, string> }>(call);
      return this.ensure(wanted.Name, wanted.Labels ?? {});
    }
    if (!this.present.has(id)) throw new Refusal(404, `get ${id}: no such volume`);
    if (method === "GET") return this.ensure(id, {});
    this.present.delete(id);
    return undefined;
  }
}
