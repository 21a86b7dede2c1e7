// usage: node validate.mjs <objects.json
// Holds objects of Kubernetes against the schemas of their kinds; a line for each that does not fit, or whose kind is not known.
import { text } from 'node:stream/consumers';

const packages = {
  'gateway.networking.k8s.io': '@kubernetes-models/gateway-api/',
  'keda.sh': '@kubernetes-models/keda/',
  'monitoring.coreos.com': '@kubernetes-models/prometheus-operator/',
};

for (const object of JSON.parse(await text(process.stdin))) {
  const [group] = object.apiVersion.split('/');
  try {
    const kinds = await import((packages[group] ?? 'kubernetes-models/') + object.apiVersion);
    new kinds[object.kind](object).validate();
  } catch (error) {
    console.log(`${object.kind} ${object.metadata?.name}: ${error.message}`);
  }
}
