import {
  DockerCloud,
  DockerHost,
  hostsFromInventory,
  PlacedContainer,
  VirtualNetwork,
} from "pulumi-clocker";
import * as command from "@pulumi/command";
import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";

const config = new pulumi.Config();
const hosts = hostsFromInventory(config.require("inventory")).map(
  ({ name, args }) => new DockerHost(name, args),
);
const first = hosts[0]!;

// @pulumi/command, over the same connection as ours: something of the host that no resource of ours describes.
const folder = new command.remote.Command("folder", {
  connection: first.connection,
  create: "mkdir -p /srv/site && echo 'made by @pulumi/command' > /srv/site/index.html",
  delete: "rm -r /srv/site",
});

// @pulumi/docker, for what is not placed: a volume and a container on this host and no other.
const provider = first.dockerProvider();
const image = new docker.RemoteImage(
  "busybox",
  { name: config.get("image") ?? "busybox:1.36", keepLocally: true },
  { provider },
);
const watcher = new docker.Container(
  "watcher",
  { image: image.imageId, command: ["sleep", "infinity"] },
  { provider },
);

// And ours beside them. Placement sees the other container as foreign: it counts it and leaves it alone.
const cloud = new DockerCloud("cloud", { hosts });
const network = new VirtualNetwork("lan", { cloud });
const site = new PlacedContainer(
  "site",
  {
    cloud,
    networks: [network],
    image: config.get("image") ?? "busybox:1.36",
    command: ["httpd", "-f", "-h", "/www"],
    mounts: [{ bind: "/srv/site", target: "/www", readOnly: true }],
    constraints: [{ kind: "host", host: first.hostName }],
  },
  { dependsOn: [folder] },
);

export const siteAddress = site.addresses.apply((addresses) => addresses["lan"]);
export const watcherId = watcher.id;
