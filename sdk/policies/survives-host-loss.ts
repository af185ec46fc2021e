import type { StackValidationPolicy } from "@pulumi/policy";
import { dataOf } from "../../provider/placement/index.js";
import { survival } from "../ask-plan.js";
import { plansIn } from "./plans.js";

export interface SurvivesHostLossConfig {
  /**
   * Containers with a volume or a folder on the lost host: "ignore" takes it that their data is kept elsewhere, "count" that they
   * are lost with it.
   */
  data: "ignore" | "count";
}

/** Every host of a cloud can be lost: what lies there has a place on the others. Clouds of one host are left out. */
export const survivesHostLoss: StackValidationPolicy = {
  name: "clocker-survives-host-loss",
  description: "Whatever runs on any one host of a cloud has a place on its other hosts.",
  enforcementLevel: "advisory",
  configSchema: { properties: { data: { enum: ["ignore", "count"], default: "ignore" } } },
  validateStack: (args, report) => {
    const { data = "ignore" } = args.getConfig<Partial<SurvivesHostLossConfig>>() ?? {};
    for (const plan of plansIn(args.resources)) {
      if (plan.input.candidates.length < 2) continue;
      const withData = new Set(
        plan.input.requests.filter((each) => dataOf(each) !== undefined).map(({ name }) => name),
      );
      for (const { host, losses } of survival(plan).hosts) {
        const counted = losses.filter(({ name }) => data === "count" || !withData.has(name));
        const [first] = counted;
        if (!first) continue;
        const more = counted.length > 1 ? ` and ${counted.length - 1} more` : "";
        report(
          `cloud ${plan.cloud} does not survive the loss of ${host}: ${first.sentence}${more}`,
        );
      }
    }
  },
};
