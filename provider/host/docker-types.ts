/** The parts of the Docker Engine API that we read and write, in Docker's own spelling (API 1.41 and later). */

export interface DockerVersion {
  Version: string;
  ApiVersion: string;
  MinAPIVersion?: string;
  Os: string;
  Arch: string;
  KernelVersion: string;
}

export interface DockerInfo {
  ID: string;
  Name: string;
  ServerVersion: string;
  NCPU: number;
  MemTotal: number;
  OperatingSystem: string;
  OSType: string;
  Architecture: string;
  KernelVersion: string;
  CgroupVersion?: string;
  DefaultRuntime?: string;
  Runtimes?: Record<string, unknown> | null;
  /** API 1.50 and later: devices that CDI specifications on the host describe. */
  DiscoveredDevices?: { Source: string; ID: string }[] | null;
  LoggingDriver: string;
  LiveRestoreEnabled: boolean;
  SecurityOptions?: string[] | null;
  DockerRootDir: string;
  Containers: number;
  ContainersRunning: number;
  Swarm?: SwarmInfo;
  Warnings?: string[] | null;
}

/** The daemon's part in a swarm. */
export interface SwarmInfo {
  /** "" when it is in none. */
  NodeID: string;
  LocalNodeState: "inactive" | "pending" | "active" | "error" | "locked";
  /** It is a manager and can answer for the swarm. */
  ControlAvailable: boolean;
  Error: string;
  RemoteManagers: { NodeID: string; Addr: string }[] | null;
  /** The swarm itself, which only a manager knows. While the managers have no majority its id is "". */
  Cluster?: { ID: string; Spec?: { Labels?: Record<string, string> | null } } | null;
}

export interface SwarmNode {
  ID: string;
  Version: { Index: number };
  Spec: {
    Name?: string;
    Role: "manager" | "worker";
    Availability: string;
    Labels: Record<string, string> | null;
  };
  Status: { State: string; Addr: string };
  /** Absent: a worker. */
  ManagerStatus?: { Leader?: boolean; Reachability: string; Addr: string } | null;
}

export interface ContainerSummary {
  Id: string;
  Names: string[];
  Image: string;
  ImageID: string;
  /** Seconds since 1970. */
  Created: number;
  /** created, running, paused, restarting, removing, exited or dead. */
  State: string;
  Status: string;
  Labels: Record<string, string>;
  Ports: { IP?: string; PrivatePort: number; PublicPort?: number; Type: string }[];
  Mounts: { Type: string; Name?: string; Source?: string; Destination: string; RW?: boolean }[];
  NetworkSettings?: { Networks?: Record<string, EndpointSettings> };
}

export interface EndpointSettings {
  NetworkID?: string;
  EndpointID?: string;
  IPAMConfig?: { IPv4Address?: string; IPv6Address?: string } | null;
  IPAddress?: string;
  Gateway?: string;
  MacAddress?: string;
  /** API 1.48 and later: the network with the highest has the default route. */
  GwPriority?: number;
  Aliases?: string[] | null;
  Links?: string[] | null;
}

export interface PortBinding {
  HostIp?: string;
  HostPort?: string;
}

export interface HostConfig {
  Binds?: string[] | null;
  Mounts?: DockerMount[];
  Tmpfs?: Record<string, string>;
  PortBindings?: Record<string, PortBinding[]> | null;
  NetworkMode?: string;
  RestartPolicy?: { Name: string; MaximumRetryCount?: number };
  NanoCpus?: number;
  CpuShares?: number;
  CpuPeriod?: number;
  CpuQuota?: number;
  Memory?: number;
  MemoryReservation?: number;
  MemorySwap?: number;
  PidsLimit?: number | null;
  CapAdd?: string[] | null;
  CapDrop?: string[] | null;
  SecurityOpt?: string[] | null;
  ReadonlyRootfs?: boolean;
  Privileged?: boolean;
  Init?: boolean | null;
  Dns?: string[];
  DnsSearch?: string[];
  DnsOptions?: string[];
  ExtraHosts?: string[] | null;
  Devices?: { PathOnHost: string; PathInContainer: string; CgroupPermissions: string }[];
  DeviceRequests?: { Driver: string; DeviceIDs: string[]; Capabilities?: string[][] }[];
  LogConfig?: { Type: string; Config: Record<string, string> };
  Sysctls?: Record<string, string>;
  Ulimits?: { Name: string; Soft: number; Hard: number }[];
  [more: string]: unknown;
}

export interface DockerMount {
  Type: "volume" | "bind" | "tmpfs";
  Source?: string;
  Target: string;
  ReadOnly?: boolean;
  BindOptions?: Record<string, unknown>;
  VolumeOptions?: Record<string, unknown>;
  TmpfsOptions?: { SizeBytes?: number; Mode?: number };
}

export interface ContainerConfig {
  Hostname?: string;
  Domainname?: string;
  User?: string;
  Env?: string[];
  Cmd?: string[] | null;
  Entrypoint?: string[] | string | null;
  Image: string;
  WorkingDir?: string;
  Labels?: Record<string, string>;
  ExposedPorts?: Record<string, Record<string, never>>;
  Volumes?: Record<string, Record<string, never>> | null;
  Healthcheck?: {
    Test?: string[];
    Interval?: number;
    Timeout?: number;
    Retries?: number;
    StartPeriod?: number;
  };
  StopTimeout?: number;
  StopSignal?: string;
  Tty?: boolean;
  OpenStdin?: boolean;
  MacAddress?: string;
  [more: string]: unknown;
}

export interface ContainerCreateBody extends ContainerConfig {
  HostConfig?: HostConfig;
  NetworkingConfig?: { EndpointsConfig?: Record<string, EndpointSettings> };
}

export interface ContainerInspect {
  Id: string;
  Name: string;
  Created: string;
  Image: string;
  Path: string;
  Args: string[];
  RestartCount: number;
  State: {
    Status: string;
    Running: boolean;
    Paused: boolean;
    Restarting: boolean;
    OOMKilled: boolean;
    Dead: boolean;
    Pid: number;
    ExitCode: number;
    Error: string;
    StartedAt: string;
    FinishedAt: string;
    Health?: {
      Status: string;
      FailingStreak: number;
      Log?: { Start: string; End: string; ExitCode: number; Output: string }[] | null;
    };
  };
  Config: ContainerConfig;
  HostConfig: HostConfig;
  NetworkSettings: {
    Networks: Record<string, EndpointSettings>;
    Ports?: Record<string, PortBinding[] | null>;
    SandboxKey?: string;
  };
  Mounts: {
    Type: string;
    Name?: string;
    Source: string;
    Destination: string;
    RW: boolean;
  }[];
}

export interface NetworkCreateBody {
  Name: string;
  CheckDuplicate?: boolean;
  Driver?: string;
  Internal?: boolean;
  Attachable?: boolean;
  Scope?: "swarm";
  EnableIPv6?: boolean;
  IPAM?: {
    Driver?: string;
    Config?: IpamConfig[] | null;
    Options?: Record<string, string> | null;
  };
  Options?: Record<string, string>;
  Labels?: Record<string, string>;
}

export interface IpamConfig {
  Subnet?: string;
  IPRange?: string;
  Gateway?: string;
  AuxiliaryAddresses?: Record<string, string>;
}

export interface DockerNetwork {
  Id: string;
  Name: string;
  Driver: string;
  Scope: string;
  Internal: boolean;
  EnableIPv6: boolean;
  IPAM: { Driver: string; Config: IpamConfig[] | null; Options?: Record<string, string> | null };
  Options: Record<string, string> | null;
  Labels: Record<string, string> | null;
  /** Only in inspect. By container id; addresses with prefix length. */
  Containers?: Record<
    string,
    {
      Name: string;
      EndpointID: string;
      MacAddress: string;
      IPv4Address: string;
      IPv6Address: string;
    }
  >;
}

export interface DockerVolume {
  Name: string;
  Driver: string;
  Mountpoint: string;
  Labels: Record<string, string> | null;
  Options: Record<string, string> | null;
  Scope: string;
}

export interface ImageInspect {
  Id: string;
  RepoTags: string[] | null;
  RepoDigests: string[] | null;
  Architecture: string;
  Os: string;
  /** Of arm: v7, v8. */
  Variant?: string;
  Size: number;
  Config?: ContainerConfig | null;
}

export interface ImageSummary {
  Id: string;
  RepoTags: string[] | null;
  RepoDigests: string[] | null;
  Size: number;
}

/** One line of a pull's or a load's progress. */
export interface ProgressLine {
  status?: string;
  id?: string;
  progress?: string;
  progressDetail?: { current?: number; total?: number };
  stream?: string;
  error?: string;
  errorDetail?: { message?: string };
}

export interface UpdateBody {
  NanoCpus?: number;
  Memory?: number;
  MemorySwap?: number;
  MemoryReservation?: number;
  PidsLimit?: number;
  RestartPolicy?: { Name: string; MaximumRetryCount?: number };
  [more: string]: unknown;
}
