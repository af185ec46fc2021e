import * as pulumi from "@pulumi/pulumi";
import type { Rebalance, SupplySpec } from "../provider/placement/model.js";
import type { DockerCloudArgs, SupplyArgs } from "./resources/docker-cloud.js";
import { bytesOf } from "./units.js";

/** @internal As the plan takes it. */
export function rebalanceOf(args: DockerCloudArgs["rebalance"]): Rebalance | undefined {
  if (args === undefined || args === false) return undefined;
  return args === true ? {} : { ...args };
}

/** @internal As the plan takes it. */
export function supplyOf(at: (property: string) => string, args: SupplyArgs): SupplySpec {
  const { headroom, hostShape, ...rest } = args;
  return {
    ...rest,
    headroom: headroomOf(at("supply.headroom"), headroom),
    ...(hostShape
      ? {
          hostShape: {
            cpus: hostShape.cpus,
            memoryBytes: bytesOf(at("supply.hostShape.memory"), hostShape.memory),
          },
        }
      : {}),
  };
}

function headroomOf(property: string, headroom: SupplyArgs["headroom"]): SupplySpec["headroom"] {
  if (typeof headroom === "number") return { count: headroom };
  if (typeof headroom === "string") {
    const percent = /^(\d+(?:\.\d+)?)%$/.exec(headroom)?.[1];
    if (percent === undefined || Number(percent) >= 100) {
      throw new pulumi.RunError(
        `${property}: write a number of containers, or a share such as "25%"`,
      );
    }
    return { percent: Number(percent) / 100 };
  }
  const { cpus, memory } = headroom;
  return {
    ...(cpus === undefined ? {} : { cpus }),
    ...(memory === undefined ? {} : { memoryBytes: bytesOf(`${property}.memory`, memory) }),
  };
}
