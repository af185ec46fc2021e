import { Blueprint, DockerCloud, DockerHost } from "pulumi-clocker";

// Machines you can reach by SSH; Docker is installed where it is missing.
const hosts = ["10.0.0.11", "10.0.0.12", "10.0.0.13"].map(
  (address, index) => new DockerHost(`h${index + 1}`, { address }),
);

// One cloud out of them. Containers go to the host that has the fewest.
const cloud = new DockerCloud("cloud", { hosts, strategies: ["leastContainers"] });

// An application on a private network of its own: the web containers find `redis` by name on whichever host it is.
const shop = new Blueprint("shop", {
  cloud,
  services: {
    redis: {
      image: "redis:7",
      memory: "256 MiB",
      health: { command: ["redis-cli", "ping"] },
    },
    web: (use) => ({
      image: "nginx:1.27",
      count: 3,
      env: { REDIS_HOST: use("redis").name },
      ports: ["8080:80"],
    }),
  },
});

export const endpoints = shop.endpoints.apply((all) => all.map(({ address }) => address));
