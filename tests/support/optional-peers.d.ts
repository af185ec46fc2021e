/**
 * The parts of the optional peers that examples/interop uses, as the packages declare them, so that it is type-checked
 * where they are not installed.
 */
declare module "@pulumi/command" {
  import type * as pulumi from "@pulumi/pulumi";

  export namespace remote {
    interface ProxyConnectionArgs {
      host: pulumi.Input<string>;
      port?: pulumi.Input<number>;
      user?: pulumi.Input<string>;
      privateKey?: pulumi.Input<string>;
      hostKey?: pulumi.Input<string>;
    }

    interface ConnectionArgs extends ProxyConnectionArgs {
      agentSocketPath?: pulumi.Input<string>;
      dialErrorLimit?: pulumi.Input<number>;
      perDialTimeout?: pulumi.Input<number>;
      proxy?: pulumi.Input<ProxyConnectionArgs>;
    }

    interface CommandArgs {
      connection: pulumi.Input<ConnectionArgs>;
      create?: pulumi.Input<string>;
      update?: pulumi.Input<string>;
      delete?: pulumi.Input<string>;
      stdin?: pulumi.Input<string>;
    }

    class Command extends pulumi.CustomResource {
      readonly stdout: pulumi.Output<string>;
      readonly stderr: pulumi.Output<string>;
      constructor(name: string, args: CommandArgs, opts?: pulumi.CustomResourceOptions);
    }
  }
}

declare module "@pulumi/docker" {
  import type * as pulumi from "@pulumi/pulumi";

  export class Provider extends pulumi.ProviderResource {
    constructor(
      name: string,
      args?: { host?: pulumi.Input<string>; sshOpts?: pulumi.Input<pulumi.Input<string>[]> },
      opts?: pulumi.ResourceOptions,
    );
  }

  export class RemoteImage extends pulumi.CustomResource {
    readonly imageId: pulumi.Output<string>;
    constructor(
      name: string,
      args: { name: pulumi.Input<string>; keepLocally?: pulumi.Input<boolean> },
      opts?: pulumi.CustomResourceOptions,
    );
  }

  export class Container extends pulumi.CustomResource {
    constructor(
      name: string,
      args: { image: pulumi.Input<string>; command?: pulumi.Input<pulumi.Input<string>[]> },
      opts?: pulumi.CustomResourceOptions,
    );
  }
}
