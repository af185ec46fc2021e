export { buildImage, type ImageRecipe, type ImageTar } from "./build.js";
export { buildTestImage, TEST_IMAGE } from "./busybox.js";
export { loadImages, type ImageTarget } from "./load.js";
export { buildGuestbookImage, buildRedisImage, GUESTBOOK_IMAGE, REDIS_IMAGE } from "./guestbook.js";
export { buildIperfImage, IPERF_IMAGE } from "./iperf.js";
