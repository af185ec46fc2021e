import type { Crypter } from "../secrets/crypter.js";

/**
 * Remembers which ciphertext stands for which secret, so that a secret that did not change keeps its ciphertext. The key
 * holds the place as well (resource and path): two equal secrets get two ciphertexts, or the file would tell that they are equal.
 */
export class Vault {
  readonly crypter: Crypter;
  readonly #ciphertexts = new Map<string, string>();

  constructor(crypter: Crypter) {
    this.crypter = crypter;
  }

  seal(place: string, plaintext: string): string {
    const key = `${place}\0${plaintext}`;
    let ciphertext = this.#ciphertexts.get(key);
    if (ciphertext === undefined) {
      ciphertext = this.crypter.encrypt(plaintext);
      this.#ciphertexts.set(key, ciphertext);
    }
    return ciphertext;
  }

  remember(place: string, plaintext: string, ciphertext: string): void {
    this.#ciphertexts.set(`${place}\0${plaintext}`, ciphertext);
  }
}
