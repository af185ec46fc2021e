// A policy of each kind and level.
const { PolicyPack } = require("@pulumi/policy");

const isThing = ({ type }) => type.endsWith(":Thing");

new PolicyPack("my-pack", {
  enforcementLevel: "advisory",
  policies: [
    {
      name: "no-bad",
      description: "nothing bad",
      enforcementLevel: "mandatory",
      severity: "high",
      validateResource: (args, report) => args.props.bad && report(`it is bad: ${args.name}`),
    },
    {
      name: "small",
      description: "sizes are small",
      configSchema: {
        properties: {
          max: { type: "integer", default: 5, minimum: 1 },
          words: { type: "array", items: { type: "string" } },
        },
        required: ["max"],
      },
      validateResource: (args, report) => {
        const { max } = args.getConfig();
        if (args.props.size > max) report(`size over ${max}`);
      },
    },
    {
      name: "tagged",
      description: "adds tags",
      enforcementLevel: "remediate",
      remediateResource: (args) =>
        isThing(args) && !args.props.tag ? { ...args.props, tag: "remedied" } : undefined,
    },
    {
      name: "shy",
      description: "off",
      enforcementLevel: "disabled",
      validateResource: (_args, report) => report("never"),
    },
    {
      name: "no-outlaws",
      description: "whole stacks",
      enforcementLevel: "mandatory",
      validateStack: (args, report) => {
        for (const { props, urn } of args.resources.filter(isThing))
          if (props.made === "made-outlaw") report("an outlaw", urn);
      },
    },
  ],
});
