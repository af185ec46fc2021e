import { describeLab } from "../support/lab.js";
import { networkConformance } from "./support/network-conformance.js";

describeLab("a vxlan network on three hosts", () => networkConformance("vxlan"));
