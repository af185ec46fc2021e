/** What `runtime/rpc` of the SDK exports, as far as it is used here. */
export interface TransferModule {
  transferProperties: (onto: object, label: string, props: object) => Record<string, Resolve>;
}

/** Settles a property's output with what the engine answers. */
type Resolve = (
  value: unknown,
  isKnown: boolean,
  isSecret: boolean,
  resources?: readonly unknown[],
  error?: Error,
) => void;

/** The SDK's class of outputs. */
export interface OutputClass {
  new (
    resources: object,
    value: Promise<unknown>,
    isKnown: Promise<boolean>,
    isSecret: Promise<boolean>,
    allResources: Promise<readonly unknown[]>,
  ): object;
  prototype: object;
}

/** What `errors` of the SDK exports: whether an error only says that the engine has gone. */
export interface ErrorKinds {
  isGrpcError: (error: Error) => boolean;
}

/**
 * The SDK gives each property of a resource an output, which is some twenty promises; most are never looked at. Here an output
 * comes into being when somebody looks at it, and settles as it would have. A failure makes it at once, so that none goes
 * unnoticed.
 */
export function makeOutputsLate(
  module: TransferModule,
  Output: OutputClass,
  { isGrpcError }: ErrorKinds,
): void {
  const original = module.transferProperties;
  module.transferProperties = (onto, label, props) => {
    const keys = Object.keys(props).filter((key) => key !== "id" && key !== "urn");
    // Refused, in the SDK's words.
    if (keys.some((key) => Object.hasOwn(onto, key))) return original(onto, label, props);
    const resolvers: Record<string, Resolve> = {};
    for (const key of keys) {
      const late = new LateOutput(Output, onto);
      resolvers[key] = (value, isKnown, isSecret, resources = [], error) => {
        if (!error) late.settle([value, isKnown, isSecret, resources]);
        // Outputs of an engine that has gone are never settled.
        else if (!isGrpcError(error)) late.fail(error);
      };
      (onto as Record<string, unknown>)[key] = late.standIn();
    }
    return resolvers;
  };
}

/** Value, whether it is known, whether it is secret, resources. */
type Answer = [unknown, boolean, boolean, readonly unknown[]];

class LateOutput {
  readonly #Output: OutputClass;
  readonly #resource: object;
  #output: object | undefined;
  /** The first answer counts. */
  #isAnswered = false;
  #answer: Promise<Answer> | undefined;
  /** Of an output that somebody looked at before the answer came. */
  #resolve: ((answer: Promise<Answer>) => void) | undefined;

  constructor(Output: OutputClass, resource: object) {
    this.#Output = Output;
    this.#resource = resource;
  }

  settle(answer: Answer): void {
    if (!this.#isAnswered) this.#answers(Promise.resolve(answer));
  }

  fail(error: Error): void {
    if (this.#isAnswered) return;
    this.#answers(Promise.reject(error));
    this.#made();
  }

  /** An output that nothing is behind until it is looked at. That it is an output can be seen from outside. */
  standIn(): object {
    const front = Object.assign(Object.create(this.#Output.prototype) as object, {
      __pulumiOutput: true,
    });
    return new Proxy(front, {
      get: (_, key): unknown => key === "__pulumiOutput" || Reflect.get(this.#made(), key),
      set: (_, key, value) => Reflect.set(this.#made(), key, value),
      has: (_, key) => Reflect.has(this.#made(), key),
      ownKeys: () => Reflect.ownKeys(this.#made()),
      getOwnPropertyDescriptor: (_, key) => Reflect.getOwnPropertyDescriptor(this.#made(), key),
      deleteProperty: (own, key) =>
        Reflect.deleteProperty(this.#made(), key) && Reflect.deleteProperty(own, key),
      defineProperty: (own, key, descriptor) =>
        Reflect.defineProperty(this.#made(), key, descriptor) &&
        Reflect.defineProperty(own, key, descriptor),
      // As when it is frozen: from then on both have to have the same properties.
      preventExtensions: (own) => {
        const made = this.#made();
        Object.defineProperties(own, Object.getOwnPropertyDescriptors(made));
        return Reflect.preventExtensions(made) && Reflect.preventExtensions(own);
      },
    });
  }

  #answers(answer: Promise<Answer>): void {
    this.#isAnswered = true;
    if (this.#resolve) this.#resolve(answer);
    else this.#answer = answer;
  }

  #made(): object {
    if (this.#output !== undefined) return this.#output;
    const answer = (this.#answer ??= new Promise((resolve) => (this.#resolve = resolve)));
    this.#output = new this.#Output(
      this.#resource,
      answer.then(([value]) => value),
      answer.then(([, isKnown]) => isKnown),
      answer.then(([, , isSecret]) => isSecret),
      answer.then(([, , , resources]) => resources),
    );
    return this.#output;
  }
}
