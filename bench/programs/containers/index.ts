import {
  DockerCloud,
  DockerHost,
  hostsFromInventory,
  PlacedContainer,
  VirtualNetwork,
} from "pulumi-clocker";

// BENCH_INVENTORY: hosts; BENCH_COUNT: how many containers.
const cloud = new DockerCloud("cloud", {
  hosts: hostsFromInventory(process.env.BENCH_INVENTORY!).map(
    ({ name, args }) => new DockerHost(name, args),
  ),
  containers: { cpus: 1, memory: "16 MiB", pids: 64 },
});
const network = new VirtualNetwork("lan", { cloud, blockPrefix: 22 });
for (let index = 0; index < Number(process.env.BENCH_COUNT); index++) {
  new PlacedContainer(`c${index}`, {
    cloud,
    networks: [network],
    image: process.env.BENCH_IMAGE!,
    pull: "never",
    command: ["sleep", "100000"],
    stopTimeout: 0,
  });
}
