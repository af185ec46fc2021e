import { join } from "node:path";
import { launcher } from "../../../engine/hosts/launch-settings.js";
import { compiled } from "../../support/compiled.js";

// Programs and dynamic providers are started as users have them started. The launcher is a process's own script, and the
// engine runs here from its sources.
launcher.file = join(compiled("engine"), "engine/hosts/launch.js");
