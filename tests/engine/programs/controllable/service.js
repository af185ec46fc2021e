// A provider that does what its inputs and a control file tell it to: see the README beside the cases.
const { appendFileSync, existsSync, readFileSync, writeSync } = require("node:fs");
const grpc = require("@grpc/grpc-js");
const { Any } = require("google-protobuf/google/protobuf/any_pb.js");
const { Empty } = require("google-protobuf/google/protobuf/empty_pb.js");
const { Struct } = require("google-protobuf/google/protobuf/struct_pb.js");
const { PluginInfo } = require("@pulumi/pulumi/proto/plugin_pb.js");
const { ResourceProviderService } = require("@pulumi/pulumi/proto/provider_grpc_pb.js");
const pb = require("@pulumi/pulumi/proto/provider_pb.js");
const { Status } = require("@pulumi/pulumi/proto/status_pb.js");

const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
const SIGNATURE = "4dabf18193072939515e22adb298388d";
const SECRET = "1b47061264138c4ac30d75fd1eb44270";
const KINDS = {
  add: 0,
  "add-replace": 1,
  delete: 2,
  "delete-replace": 3,
  update: 4,
  "update-replace": 5,
};

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const objectOf = (struct) => (struct ? struct.toJavaScript() : {});
const structOf = (object) => Struct.fromJavaScript(object);
const text = (value) => JSON.stringify(value);
const isSecret = (value) => value?.[SIGNATURE] === SECRET;
const plain = (value) => (isSecret(value) ? plain(value.value) : value);

/** A failed call, with gRPC's code: 2 is "unknown", as of an ordinary error. */
class Failure extends Error {
  constructor(message, code = 2) {
    super(message);
    this.code = code;
  }
}

/** The error by which a provider says that the resource exists but is not well. */
function initFailure(id, outputs, inputs, reasons) {
  const detail = new pb.ErrorResourceInitFailed();
  detail.setId(id).setProperties(structOf(outputs)).setReasonsList(reasons);
  if (inputs) detail.setInputs(structOf(inputs));
  const any = new Any();
  any.pack(detail.serializeBinary(), "pulumirpc.ErrorResourceInitFailed");
  const status = new Status();
  status.setCode(2).setMessage(reasons.join("; "));
  status.addDetails(any);
  const metadata = new grpc.Metadata();
  metadata.set("grpc-status-details-bin", Buffer.from(status.serializeBinary()));
  return Object.assign(new Failure(reasons.join("; ")), { metadata });
}

class Service {
  constructor({ log, control, witness, firstNumber = 0 }) {
    this.logFile = log;
    this.controlFile = control;
    this.witness = witness;
    this.count = firstNumber;
  }

  log(line) {
    appendFileSync(this.logFile, `${line}\n`);
    this.witness?.called(line);
  }

  /** What the control file says now: `cloud`, `rules`, `config`. */
  control() {
    return existsSync(this.controlFile) ? JSON.parse(readFileSync(this.controlFile, "utf8")) : {};
  }

  /** Logs a call and finds the rule for it; fails, waits or dies when the rule says so. */
  async begin(method, name, remark = "") {
    const call = `${method} ${name}`;
    this.log(remark === "" ? call : `${call} ${remark}`);
    const rules = this.control().rules ?? {};
    const rule = this.stillHolds(call, rules[call] ?? rules[`${method} *`] ?? {});
    if (rule.after) await this.until(rule.after);
    if (rule.pause) await pause(rule.pause);
    if (rule.die) {
      writeSync(2, `${rule.die}\n`);
      process.kill(process.pid, "SIGKILL");
    }
    if (rule.fail) throw new Failure(rule.fail, rule.code);
    return rule;
  }

  /** A rule with `times` is one for the first calls only. */
  stillHolds(call, rule) {
    if (rule.times === undefined) return rule;
    const calls = readFileSync(this.logFile, "utf8").split("\n");
    const so = calls.filter((line) => line === call || line.startsWith(`${call} `)).length;
    return so <= rule.times ? rule : {};
  }

  /** Waits until a line is in the log. */
  async until(line) {
    const end = Date.now() + 20_000;
    while (!readFileSync(this.logFile, "utf8").split("\n").includes(line)) {
      if (Date.now() > end) throw new Failure(`waited in vain for "${line}"`);
      await pause(10);
    }
  }

  async handshake() {
    const {
      acceptSecrets = true,
      acceptResources = true,
      old = false,
    } = this.control().config ?? {};
    if (old) throw new Failure("no handshake", grpc.status.UNIMPLEMENTED);
    const response = new pb.ProviderHandshakeResponse();
    return response
      .setAcceptSecrets(acceptSecrets)
      .setAcceptResources(acceptResources)
      .setAcceptOutputs(false);
  }

  async checkConfig(request) {
    const rule = await this.begin("checkConfig", request.getName());
    return this.checked(rule, request);
  }

  async diffConfig(request) {
    const rule = await this.begin("diffConfig", request.getName());
    if (rule.unimplemented) throw new Failure("no diffConfig", grpc.status.UNIMPLEMENTED);
    return this.diffed(rule, request);
  }

  async configure(request) {
    const args = objectOf(request.getArgs());
    delete args.version;
    await this.begin("configure", request.getName(), text(args));
    const {
      acceptSecrets = true,
      acceptResources = true,
      preview = true,
    } = this.control().config ?? {};
    return new pb.ConfigureResponse()
      .setAcceptsecrets(acceptSecrets)
      .setAcceptresources(acceptResources)
      .setSupportspreview(preview);
  }

  async check(request) {
    const olds = objectOf(request.getOlds());
    const fresh = Object.keys(olds).length === 0;
    const rule = await this.begin("check", request.getName(), fresh ? "" : "with olds");
    return this.checked(rule, request);
  }

  checked(rule, request) {
    const response = new pb.CheckResponse();
    const inputs = objectOf(request.getNews());
    const olds = objectOf(request.getOlds());
    // A provider's own naming: made up once, kept while the resource lives.
    if ("auto" in inputs && inputs.auto === "") inputs.auto = olds.auto ?? "made-up";
    Object.assign(inputs, rule.inputs);
    response.setInputs(structOf(inputs));
    const reasons = rule.failures ?? (inputs.bad ? { bad: String(inputs.bad) } : {});
    response.setFailuresList(
      Object.entries(reasons).map(([property, reason]) =>
        new pb.CheckFailure().setProperty(property).setReason(reason),
      ),
    );
    return response;
  }

  async diff(request) {
    const ignored = request.getIgnorechangesList();
    const remark = ignored.length > 0 ? `ignoring ${ignored.join(",")}` : "";
    const rule = await this.begin("diff", request.getName(), remark);
    return this.diffed(rule, request);
  }

  /** Input by input; those whose names begin with `r` replace. A rule can make the answer poorer or another one. */
  diffed(rule, request) {
    const response = new pb.DiffResponse();
    if (rule.unknown) return response;
    const [olds, news] = [objectOf(request.getOldInputs()), objectOf(request.getNews())];
    const keys = [...new Set([...Object.keys(olds), ...Object.keys(news)])].sort();
    const changed = keys.filter((key) => text(plain(olds[key])) !== text(plain(news[key])));
    const detailed = Object.fromEntries(
      changed.map((key) => {
        const kind = !(key in olds) ? "add" : !(key in news) ? "delete" : "update";
        return [key, key.startsWith("r") ? `${kind}-replace` : kind];
      }),
    );
    const replaces = changed.filter((key) => key.startsWith("r"));
    response.setChanges(changed.length > 0 ? 2 : 1);
    response.setDiffsList(changed);
    response.setReplacesList(rule.replaces ?? replaces);
    if (rule.replaces?.length > 0 || rule.some) response.setChanges(2);
    if (rule.none) response.setChanges(1);
    response.setDeletebeforereplace(Boolean(rule.dbr ?? plain(news.dbr)));
    response.setStablesList(rule.stables ?? []);
    if (rule.plain) return response;
    response.setHasdetaileddiff(true);
    for (const [path, kind] of Object.entries(rule.detailed ?? detailed)) {
      const [name, side] = kind.split(" ");
      const entry = new pb.PropertyDiff().setKind(KINDS[name]).setInputdiff(side !== "output");
      response.getDetaileddiffMap().set(path, entry);
    }
    return response;
  }

  /** What a resource holds besides its inputs. */
  outputs(rule, inputs, preview) {
    const rk = plain(inputs.rk) ?? 0;
    const out = preview && !rule.stable ? UNKNOWN : `out-${rk}`;
    const secrets = Object.entries(rule.secrets ?? {}).map(([key, value]) => [
      key,
      { [SIGNATURE]: SECRET, value },
    ]);
    return { ...inputs, out, ...rule.outputs, ...Object.fromEntries(secrets) };
  }

  async create(request) {
    const inputs = objectOf(request.getProperties());
    const preview = request.getPreview();
    const name = request.getName();
    const timeout = request.getTimeout() ? `timeout ${request.getTimeout()}` : "";
    const remark = [preview ? "(preview)" : "", timeout].filter(Boolean).join(" ");
    const rule = await this.begin("create", name, remark);
    const unique = this.witness === undefined ? "" : `-${this.count++}`;
    const id = rule.id ?? `${name}-${plain(inputs.rk) ?? 0}${unique}`;
    const outputs = this.outputs(rule, inputs, preview);
    if (!preview) this.witness?.created(id, name);
    if (rule.init && !preview) throw initFailure(id, outputs, rule.initInputs, rule.init);
    if (!preview) this.log(`created ${name}`);
    return new pb.CreateResponse().setId(preview ? "" : id).setProperties(structOf(outputs));
  }

  async update(request) {
    const inputs = objectOf(request.getNews());
    const preview = request.getPreview();
    const name = request.getName();
    const timeout = request.getTimeout() ? `timeout ${request.getTimeout()}` : "";
    const ignored = request.getIgnorechangesList();
    const remark = [
      preview ? "(preview)" : "",
      timeout,
      ignored.length > 0 ? `ignoring ${ignored.join(",")}` : "",
    ];
    const rule = await this.begin("update", name, remark.filter(Boolean).join(" "));
    const outputs = this.outputs(rule, inputs, preview);
    if (rule.init && !preview)
      throw initFailure(request.getId(), outputs, rule.initInputs, rule.init);
    return new pb.UpdateResponse().setProperties(structOf(outputs));
  }

  async delete(request) {
    const timeout = request.getTimeout() ? `timeout ${request.getTimeout()}` : "";
    await this.begin("delete", request.getId(), timeout);
    this.witness?.deleted(request.getId());
    return new Empty();
  }

  /** The cloud: what is known of an id, over what the engine knows; null for gone. */
  async read(request) {
    const id = request.getId();
    const timeout = request.getTimeout() ? `timeout ${request.getTimeout()}` : "";
    const rule = await this.begin("read", id, timeout);
    const { cloud = {} } = this.control();
    if (cloud[id] === null || rule.gone) return new pb.ReadResponse();
    const known = objectOf(request.getProperties());
    const inputs = request.hasInputs() ? objectOf(request.getInputs()) : {};
    const importing = Object.keys(inputs).length === 0;
    const outputs = { ...(importing ? { out: "out-0" } : {}), ...known, ...cloud[id] };
    const own = Object.fromEntries(
      Object.entries({ ...inputs, ...cloud[id] }).filter(([key]) => key !== "out"),
    );
    const read = rule.inputs ?? own;
    if (rule.init) throw initFailure(rule.id ?? id, outputs, read, rule.init);
    const response = new pb.ReadResponse().setId(rule.id ?? id).setProperties(structOf(outputs));
    if (!rule.noInputs) response.setInputs(structOf(read));
    return response;
  }

  async invoke(request) {
    const args = objectOf(request.getArgs());
    const rule = await this.begin("invoke", request.getTok(), text(args));
    const response = new pb.InvokeResponse();
    response.setReturn(structOf({ ...args, answer: 42, ...rule.outputs }));
    response.setFailuresList(
      Object.entries(rule.failures ?? {}).map(([property, reason]) =>
        new pb.CheckFailure().setProperty(property).setReason(reason),
      ),
    );
    return response;
  }

  async getPluginInfo() {
    return new PluginInfo().setVersion("1.0.0");
  }

  async getSchema() {
    return new pb.GetSchemaResponse().setSchema("{}");
  }

  async attach() {
    return new Empty();
  }

  async cancel() {
    return new Empty();
  }
}

const METHODS = [
  "attach",
  "cancel",
  "check",
  "checkConfig",
  "configure",
  "create",
  "delete",
  "diff",
  "diffConfig",
  "getPluginInfo",
  "getSchema",
  "handshake",
  "invoke",
  "read",
  "update",
];

function handlers(service) {
  const unary = (method) => (call, callback) => {
    service[method](call.request).then(
      (response) => callback(null, response),
      ({ message, code = 2, metadata }) => callback({ code, details: message, message, metadata }),
    );
  };
  return Object.fromEntries(METHODS.map((method) => [method, unary(method)]));
}

/**
 * Serves the provider on a free port of loopback. `log`: the file each call is a line of; `control`: the file, read at each call,
 * with the rules of the moment; `witness`: is told of each call and of what each has made or deleted, and has ids never come again, which are
 * counted from `firstNumber`.
 */
exports.serve = async (options) => {
  const server = new grpc.Server();
  server.addService(ResourceProviderService, handlers(new Service(options)));
  const port = await new Promise((resolve, reject) =>
    server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    ),
  );
  return { port, close: () => server.forceShutdown() };
};
