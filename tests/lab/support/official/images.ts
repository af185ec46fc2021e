import { existsSync } from "node:fs";
import { join } from "node:path";
import { buildImage, type ImageRecipe, type ImageTar } from "../../../../lab/images/index.js";
import { unpacked } from "./packages.js";

/**
 * Stand-ins for the official images, as there is no registry in the lab: Debian's programs in the layout, with the
 * users, configuration and entrypoints of the images that Docker publishes. The scripts are ours and do what those do.
 */
export const OFFICIAL = {
  redis: "official/redis:7",
  postgres: "official/postgres:15",
  mysql: "official/mariadb:10.11",
  nginx: "official/nginx:1.22",
} as const;

const words = (text: string): string[] => text.trim().split(/\s+/);

/** A shell, the usual commands and the libraries that several services need. */
const BASE = words(`
  base-files bash coreutils dash debianutils findutils gettext-base gosu grep gzip hostname libc-bin mawk sed util-linux
  util-linux-extra libacl1 libatomic1 libattr1 libaudit1 libblkid1 libc6 libcap-ng0 libcap2 libcrypt1 libgcc-s1 libgcrypt20
  libgmp10 libgpg-error0 liblz4-1 liblzma5 libmount1 libpam0g libpcre2-8-0 libselinux1 libsmartcols1 libssl3 libstdc++6
  libsystemd0 libtinfo6 libudev1 libuuid1 libzstd1 zlib1g`);
const REDIS = words(`
  redis-server redis-tools libhiredis0.14 libjemalloc2 liblua5.1-0 liblzf1 lua-bitop lua-cjson`);
const POSTGRES = words(`
  postgresql-15 postgresql-client-15 libbsd0 libcom-err2 libedit2 libffi8 libgnutls30 libgssapi-krb5-2 libhogweed6 libicu72
  libidn2-0 libk5crypto3 libkeyutils1 libkrb5-3 libkrb5support0 libldap-2.5-0 libmd0 libnettle8 libp11-kit0 libpq5
  libreadline8 libsasl2-2 libtasn1-6 libunistring2 libxml2 tzdata`);
const MYSQL = words(`
  mariadb-client mariadb-client-core mariadb-common mariadb-server-core libaio1 libbsd0 libedit2 libmariadb3 libmd0 libncurses6 libnuma1
  liburing2`);
const NGINX = words("nginx nginx-common");

/** Builds all four, or finds them built. */
export async function buildOfficialImages(cacheDir: string): Promise<ImageTar[]> {
  const base = await unpacked(BASE, cacheDir);
  const from = async (
    packages: readonly string[],
    recipe: Omit<ImageRecipe, "base" | "tree">,
  ): Promise<ImageTar> =>
    buildImage({ ...recipe, base, tree: await unpacked(packages, cacheDir) }, cacheDir);
  return [
    await from(REDIS, redis()),
    await from(POSTGRES, postgres()),
    await from(MYSQL, mysql()),
    await from(NGINX, nginx()),
  ];
}

function redis(): ImageRecipe {
  return {
    tag: OFFICIAL.redis,
    files: { "usr/local/bin/docker-entrypoint.sh": own("redis.sh") },
    texts: users("redis", 999),
    scratch: ["tmp"],
    folders: { data: { uid: 999, gid: 999, mode: "0755" } },
    config: {
      WorkingDir: "/data",
      Entrypoint: ["docker-entrypoint.sh"],
      // The official build serves all networks when no password is set; Debian's has to be told.
      Cmd: ["redis-server", "--protected-mode", "no"],
      Volumes: { "/data": {} },
      ExposedPorts: { "6379/tcp": {} },
    },
  };
}

function postgres(): ImageRecipe {
  const owned = { uid: 999, gid: 999 };
  return {
    tag: OFFICIAL.postgres,
    files: { "usr/local/bin/docker-entrypoint.sh": own("postgres.sh") },
    texts: {
      ...users("postgres", 999),
      "docker-entrypoint-initdb.d/10-made-by-the-image.sql":
        "CREATE TABLE made_by_script (id int);\n",
    },
    scratch: ["tmp"],
    folders: {
      "var/lib/postgresql": { ...owned, mode: "0755" },
      "var/lib/postgresql/data": { ...owned, mode: "1777" },
      "run/postgresql": { ...owned, mode: "3777" },
    },
    config: {
      Entrypoint: ["docker-entrypoint.sh"],
      Cmd: ["postgres", "-c", "listen_addresses=*"],
      Env: [
        "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/usr/lib/postgresql/15/bin",
        "LANG=C.UTF-8",
        "PGDATA=/var/lib/postgresql/data",
      ],
      Volumes: { "/var/lib/postgresql/data": {} },
      ExposedPorts: { "5432/tcp": {} },
      StopSignal: "SIGINT",
    },
  };
}

function mysql(): ImageRecipe {
  const owned = { uid: 999, gid: 999 };
  return {
    tag: OFFICIAL.mysql,
    files: { "usr/local/bin/docker-entrypoint.sh": own("mysql.sh") },
    texts: {
      ...users("mysql", 999),
      "docker-entrypoint-initdb.d/10-made-by-the-image.sql":
        "CREATE TABLE made_by_script (id int);\n",
      "etc/mysql/my.cnf":
        "[mysqld]\nskip-name-resolve\nskip-host-cache\nbind-address=0.0.0.0\nsocket=/run/mysqld/mysqld.sock\npid-file=/run/mysqld/mysqld.pid\n[client]\nsocket=/run/mysqld/mysqld.sock\n",
    },
    scratch: ["tmp"],
    folders: {
      "var/lib/mysql": { ...owned, mode: "1777" },
      "run/mysqld": { ...owned, mode: "1777" },
    },
    config: {
      Entrypoint: ["docker-entrypoint.sh"],
      Cmd: ["mariadbd"],
      Env: ["LANG=C.UTF-8"],
      Volumes: { "/var/lib/mysql": {} },
      ExposedPorts: { "3306/tcp": {} },
    },
  };
}

function nginx(): ImageRecipe {
  return {
    tag: OFFICIAL.nginx,
    files: {
      "docker-entrypoint.sh": own("nginx.sh"),
      "docker-entrypoint.d/10-listen-on-ipv6-by-default.sh": own("nginx-listen-on-ipv6.sh"),
      "docker-entrypoint.d/20-envsubst-on-templates.sh": own("nginx-templates.sh"),
      "etc/nginx/nginx.conf": own("nginx.conf"),
      "etc/nginx/conf.d/default.conf": own("nginx-default.conf"),
    },
    texts: {
      ...users("nginx", 101),
      "usr/share/nginx/html/index.html": "<h1>Welcome to nginx!</h1>\n",
    },
    links: { "var/log/nginx/access.log": "/dev/stdout", "var/log/nginx/error.log": "/dev/stderr" },
    scratch: ["tmp"],
    folders: { "var/cache/nginx": { uid: 0, gid: 0, mode: "0755" } },
    config: {
      Entrypoint: ["/docker-entrypoint.sh"],
      Cmd: ["nginx", "-g", "daemon off;"],
      ExposedPorts: { "80/tcp": {} },
      StopSignal: "SIGQUIT",
    },
  };
}

function own(file: string): string {
  const path = join(__dirname, "entrypoints", file);
  if (!existsSync(path)) throw new Error(`there is no ${path}`);
  return path;
}

function users(name: string, uid: number): Record<string, string> {
  return {
    "etc/passwd": `root:x:0:0:root:/root:/bin/bash\n${name}:x:${uid}:${uid}::/var/lib/${name}:/bin/sh\n`,
    "etc/group": `root:x:0:\n${name}:x:${uid}:\n`,
    "etc/nsswitch.conf": "passwd: files\ngroup: files\nhosts: files dns\n",
  };
}
