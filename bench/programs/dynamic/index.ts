import * as pulumi from "@pulumi/pulumi";

// BENCH_COUNT resources whose provider does nothing, so that what is measured is the engine.
const provider: pulumi.dynamic.ResourceProvider = {
  create: (inputs: Record<string, unknown>) => Promise.resolve({ id: "made", outs: inputs }),
  diff: () => Promise.resolve({ changes: false }),
};

class Nothing extends pulumi.dynamic.Resource {}

for (let index = 0; index < Number(process.env.BENCH_COUNT); index++) {
  new Nothing(provider, `r${index}`, { index, name: `resource ${index}` });
}
