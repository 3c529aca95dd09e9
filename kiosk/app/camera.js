// @ts-check
/** The device's camera: a live picture, and stills cut to the shape the visitor sees. */

/**
 * @typedef {object} Camera
 * @property {HTMLVideoElement} video
 * @property {(shape: Shape) => Promise<Blob | null>} still null while no frame has arrived
 * @property {() => void} close
 */
/** @typedef {{aspect?: number, longest: number, quality: number}} Shape `aspect` is width by height of the middle part kept */

/**
 * @param {MediaDevices | undefined} devices absent where the origin is not secure
 * @returns {Promise<Camera>}
 * @throws {DOMException} when there is no camera or it may not be used
 */
export async function openCamera(devices) {
  if (!devices) throw new DOMException('no camera', 'NotFoundError');
  const stream = await devices.getUserMedia({
    audio: false,
    video: { facingMode: { ideal: 'user' }, width: { ideal: 1280 }, height: { ideal: 960 } },
  });
  const video = document.createElement('video');
  video.muted = true;
  video.playsInline = true;
  video.setAttribute('aria-hidden', 'true');
  video.srcObject = stream;
  await video.play().catch(() => undefined);
  return {
    video,
    still: (shape) => still(video, shape),
    close: () => {
      for (const track of stream.getTracks()) track.stop();
      video.srcObject = null;
      video.remove();
    },
  };
}

/** @param {HTMLVideoElement} video @param {Shape} shape @returns {Promise<Blob | null>} */
async function still(video, shape) {
  const { videoWidth, videoHeight } = video;
  if (!videoWidth || !videoHeight) return null;
  const aspect = shape.aspect ?? videoWidth / videoHeight;
  const width = Math.min(videoWidth, videoHeight * aspect);
  const height = Math.min(videoHeight, videoWidth / aspect);
  const scale = Math.min(1, shape.longest / Math.max(width, height));
  const canvas = document.createElement('canvas');
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(height * scale);
  const drawing = canvas.getContext('2d');
  if (!drawing) return null;
  drawing.drawImage(
    video, (videoWidth - width) / 2, (videoHeight - height) / 2, width, height, 0, 0, canvas.width, canvas.height,
  );
  const taken = await new Promise((resolve) => canvas.toBlob(resolve, 'image/jpeg', shape.quality));
  // The pixels go with the canvas, not when the browser happens to tidy up.
  canvas.width = 0;
  return taken;
}
