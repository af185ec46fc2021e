import { segment, type CallOptions } from "./docker-calls.js";
import { ExecCalls } from "./docker-exec.js";
import type {
  DockerNetwork,
  DockerVolume,
  EndpointSettings,
  NetworkCreateBody,
} from "./docker-types.js";

/** A daemon's networks, with who is attached to them. */
export abstract class NetworkCalls extends ExecCalls {
  async listNetworks(
    filters: Record<string, string[]> = {},
    options: CallOptions = {},
  ): Promise<DockerNetwork[]> {
    return this.get("/networks", "list networks", options, { filters });
  }

  async inspectNetwork(id: string, options: CallOptions = {}): Promise<DockerNetwork> {
    return this.get(`/networks/${segment(id)}`, `inspect network ${id}`, options);
  }

  async createNetwork(
    body: NetworkCreateBody,
    options: CallOptions = {},
  ): Promise<{ Id: string; Warning?: string }> {
    // Without CheckDuplicate older daemons make a second network of the same name.
    return this.post("/networks/create", `create network ${body.Name}`, options, {
      body: { CheckDuplicate: true, ...body },
    });
  }

  async connectNetwork(
    network: string,
    container: string,
    endpoint: EndpointSettings = {},
    options: CallOptions = {},
  ): Promise<void> {
    await this.post(
      `/networks/${segment(network)}/connect`,
      `attach container ${container} to network ${network}`,
      options,
      {
        body: { Container: container, EndpointConfig: endpoint },
      },
    );
  }

  async disconnectNetwork(
    network: string,
    container: string,
    force = false,
    options: CallOptions = {},
  ): Promise<void> {
    await this.post(
      `/networks/${segment(network)}/disconnect`,
      `detach container ${container} from network ${network}`,
      options,
      {
        body: { Container: container, Force: force },
      },
    );
  }

  async removeNetwork(id: string, options: CallOptions = {}): Promise<void> {
    await this.delete(`/networks/${segment(id)}`, `remove network ${id}`, options);
  }
}

/** A daemon's volumes. There is no call that removes one: their data is the user's. */
export abstract class VolumeCalls extends NetworkCalls {
  async listVolumes(
    filters: Record<string, string[]> = {},
    options: CallOptions = {},
  ): Promise<DockerVolume[]> {
    const answer = await this.get<{ Volumes: DockerVolume[] | null }>(
      "/volumes",
      "list volumes",
      options,
      { filters },
    );
    return answer.Volumes ?? [];
  }

  async inspectVolume(name: string, options: CallOptions = {}): Promise<DockerVolume> {
    return this.get(`/volumes/${segment(name)}`, `inspect volume ${name}`, options);
  }

  /** Answers the existing one when there is one of this name. */
  async createVolume(
    name: string,
    labels: Record<string, string>,
    options: CallOptions = {},
  ): Promise<DockerVolume> {
    return this.post("/volumes/create", `create volume ${name}`, options, {
      body: { Name: name, Labels: labels },
    });
  }
}
