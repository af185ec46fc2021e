import { hostText, networkText, policyText, type Topology, type TopologyHost } from "./model.js";
import {
  box,
  dot,
  element,
  escapeXml,
  lineDown,
  networkClass,
  STYLE,
  textAt,
  widthOf,
} from "./svg-elements.js";

/** Pixels. */
const MARGIN = 24;
const GAP = 20;
const PADDING = 12;
const ROW = 20;
/** Between lines of different networks into one host. */
const PLUG = 16;
/** Hosts stand beside each other up to this width, or one in a row where a single one is wider. */
const PAGE = 1500;

/**
 * The topology as a picture: networks are bars, hosts hang below them with their containers. Where hosts do not fit beside
 * each other they take several rows, and each row has the bars of its own networks. No text is cut: boxes are as wide
 * as what is in them. A page of its own, without scripts or anything that is loaded.
 */
export function topologySvg(topology: Topology): string {
  const drawing = new Drawing(topology);
  const { width, height, parts } = drawing.draw();
  const name = `${topology.project}/${topology.stack}`;
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    element(
      "svg",
      {
        ...{ xmlns: "http://www.w3.org/2000/svg", width, height },
        ...{ viewBox: `0 0 ${width} ${height}`, role: "img" },
      },
      [
        element("title", {}, escapeXml(`Topology of ${name}`)),
        element("style", {}, STYLE),
        element("rect", { class: "ground", width, height }),
        ...parts,
      ].join("\n"),
    ),
    "",
  ].join("\n");
}

class Drawing {
  private readonly parts: string[] = [];
  private readonly classes: ReadonlyMap<string, string>;
  private readonly hostWidth: number;
  private y = MARGIN;

  constructor(private readonly topology: Topology) {
    this.classes = new Map(topology.networks.map(({ name }, index) => [name, networkClass(index)]));
    this.hostWidth = Math.max(220, ...topology.hosts.map(widthOfHost));
  }

  draw(): { width: number; height: number; parts: string[] } {
    const { topology } = this;
    const columns = Math.max(1, Math.floor((PAGE - 2 * MARGIN + GAP) / (this.hostWidth + GAP)));
    const inRow = Math.min(columns, Math.max(1, topology.hosts.length));
    const rowWidth = inRow * this.hostWidth + (inRow - 1) * GAP;
    const texts = topology.networks.flatMap((network) => [
      barText(network),
      ...(network.policy?.rules.map((rule) => `    lets ${rule}`) ?? []),
    ]);
    const inner = Math.max(rowWidth, ...texts.map((text) => widthOf(text) + 2 * PADDING));
    this.parts.push(textAt(MARGIN, this.y + 12, `${topology.project}/${topology.stack}`, "title"));
    this.y += ROW + GAP / 2;
    for (let at = 0; at < topology.hosts.length; at += columns)
      this.row(topology.hosts.slice(at, at + columns), inner);
    if (topology.hosts.length === 0) {
      this.parts.push(textAt(MARGIN, this.y + 12, "no hosts", "quiet"));
      this.y += ROW;
    }
    this.policies();
    const width = Math.ceil(Math.max(inner, widthOf(`${topology.project}/${topology.stack}`)));
    return { width: width + 2 * MARGIN, height: Math.ceil(this.y + MARGIN), parts: this.parts };
  }

  /** The bars of the hosts' networks, and the hosts below them. */
  private row(hosts: readonly TopologyHost[], width: number): void {
    const present = this.topology.networks.filter(({ name }) =>
      hosts.some(({ networks }) => networks.some(({ network }) => network === name)),
    );
    const bars = new Map<string, number>();
    const boxes: string[] = [];
    for (const network of present) {
      const kind = this.classes.get(network.name)!;
      boxes.push(element("rect", { x: MARGIN, y: this.y, width, height: 26, class: "ground" }));
      boxes.push(box(MARGIN, this.y, width, 26, kind));
      boxes.push(textAt(MARGIN + PADDING, this.y + 18, barText(network)));
      bars.set(network.name, this.y + 26);
      this.y += 26 + 6;
    }
    this.y += GAP;
    const top = this.y;
    const cards: string[] = [];
    const ends = hosts.map((host, index) => {
      const x = MARGIN + index * (this.hostWidth + GAP);
      this.plug(host, x, top, bars);
      return this.host(host, x, top, cards);
    });
    // Lines first: bars and boxes lie over those that pass behind them.
    this.parts.push(...boxes, ...cards);
    this.y = Math.max(...ends) + 2 * GAP;
  }

  /** A line from each of its networks' bars to the host. */
  private plug(
    host: TopologyHost,
    x: number,
    top: number,
    bars: ReadonlyMap<string, number>,
  ): void {
    const room = (this.hostWidth - 2 * PADDING) / Math.max(1, host.networks.length);
    host.networks.forEach(({ network }, index) => {
      const from = bars.get(network);
      const at = x + PADDING + Math.min(PLUG, room) * (index + 0.5);
      if (from !== undefined) this.parts.push(lineDown(at, from, top, this.classes.get(network)!));
    });
  }

  /** Returns where it ends. */
  private host(host: TopologyHost, x: number, top: number, cards: string[]): number {
    const inside: string[] = [];
    let y = top + PADDING;
    const line = (text: string, kind: string, indent = 0) => {
      inside.push(textAt(x + PADDING + indent, y + 13, text, kind));
      y += ROW;
    };
    line(hostText(host), "title");
    for (const { network, block } of host.networks) {
      inside.push(dot(x + PADDING + 5, y + 9, this.classes.get(network)!));
      line(`${network} ${block}`, "quiet", 16);
    }
    for (const container of host.containers) {
      y += 6;
      const start = y;
      const texts: string[] = [];
      y += 6;
      texts.push(textAt(x + 2 * PADDING, y + 13, container.name, "title"));
      y += ROW;
      texts.push(textAt(x + 2 * PADDING, y + 13, kindText(container), "quiet"));
      y += ROW;
      for (const { network, address } of container.addresses) {
        texts.push(dot(x + 2 * PADDING + 5, y + 9, this.classes.get(network) ?? "quiet"));
        texts.push(textAt(x + 2 * PADDING + 16, y + 13, `${network} ${address}`));
        y += ROW;
      }
      for (const port of container.ports) {
        texts.push(box(x + 2 * PADDING, y + 1, widthOf(portText(port)) + 12, 17, "port"));
        texts.push(textAt(x + 2 * PADDING + 6, y + 14, portText(port)));
        y += ROW;
      }
      y += 6;
      const width = this.hostWidth - 2 * PADDING;
      inside.push(box(x + PADDING, start, width, y - start, "container"), ...texts);
    }
    if (host.containers.length === 0 && !host.machine) line("no containers", "quiet");
    y += PADDING;
    cards.push(box(x, top, this.hostWidth, y - top, "host"), ...inside);
    return y;
  }

  private policies(): void {
    for (const network of this.topology.networks) {
      if (!network.policy) continue;
      this.parts.push(dot(MARGIN + 5, this.y + 9, this.classes.get(network.name)!));
      const text = `${network.name}: ${policyText(network)}`;
      this.parts.push(textAt(MARGIN + 16, this.y + 13, text, "title"));
      this.y += ROW;
      for (const rule of network.policy.rules) {
        this.parts.push(textAt(MARGIN + 32, this.y + 13, `lets ${rule}`));
        this.y += ROW;
      }
    }
  }
}

type Container = TopologyHost["containers"][number];

const barText = (network: Topology["networks"][number]): string =>
  `${network.name}: ${networkText(network)}, ${policyText(network)}`;

const kindText = ({ application, image }: Container): string =>
  application === "" ? image : `${application}, ${image}`;

const portText = (port: string): string => `published ${port}`;

/** Pixels that a host's box needs for the longest of its texts. */
function widthOfHost(host: TopologyHost): number {
  const own = [hostText(host), ...host.networks.map(({ network, block }) => `${network} ${block}`)];
  const inside = host.containers.flatMap((container) => [
    ...[container.name, kindText(container)],
    ...container.addresses.map(({ network, address }) => `${network} ${address}`),
    ...container.ports.map(portText),
  ]);
  return Math.max(
    ...own.map((text) => widthOf(text) + 2 * PADDING + 16),
    ...inside.map((text) => widthOf(text) + 4 * PADDING + 16),
  );
}
