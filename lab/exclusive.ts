import { mkdir } from "node:fs/promises";

/**
 * Makes something in `folder` that must not exist yet; false when it does. The folder is made when it is missing,
 * also when another lab that ends removes it in between.
 */
export async function inFolder(folder: string, make: () => Promise<unknown>): Promise<boolean> {
  for (let attempt = 0; ; attempt++) {
    await mkdir(folder, { recursive: true });
    try {
      await make();
      return true;
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code;
      if (code === "EEXIST") return false;
      if (code !== "ENOENT" || attempt === 20) throw error;
    }
  }
}
