// A producer driven by lines on standard input (fields separated by tabs), so that one JVM writes a whole scenario: every codec,
// transactions that interleave, keys that kafkajs cannot send. Binary fields are hex, "-" is null.
import java.io.*;
import java.nio.charset.StandardCharsets;
import java.util.*;
import org.apache.kafka.clients.producer.*;
import org.apache.kafka.common.serialization.ByteArraySerializer;

public class Producer {
  public static void main(String[] args) throws Exception {
    Map<String, KafkaProducer<byte[], byte[]>> producers = new LinkedHashMap<>();
    BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line; (line = in.readLine()) != null; ) {
      String[] f = line.split("\t", -1);
      KafkaProducer<byte[], byte[]> p = f.length > 1 ? producers.get(f[1]) : null;
      switch (f[0]) {
        case "open" -> producers.put(f[1], open(args[0], f[2], f[3]));
        case "begin" -> p.beginTransaction();
        case "commit" -> p.commitTransaction();
        case "abort" -> { p.flush(); p.abortTransaction(); }
        case "flush" -> p.flush();
        case "send" -> { var sent = p.send(record(f)); p.flush(); sent.get(); }
        case "queue" -> p.send(record(f));
        case "halt" -> Runtime.getRuntime().halt(0);
        default -> throw new IllegalArgumentException(line);
      }
    }
    for (KafkaProducer<byte[], byte[]> p : producers.values()) p.close();
  }

  static KafkaProducer<byte[], byte[]> open(String brokers, String codec, String transactionalId) {
    Properties c = new Properties();
    c.put("bootstrap.servers", brokers);
    c.put("compression.type", codec);
    c.put("linger.ms", "200");
    c.put("batch.size", "262144");
    c.put("max.request.size", "20971520");
    c.put("buffer.memory", "67108864");
    if (!transactionalId.isEmpty()) c.put("transactional.id", transactionalId);
    KafkaProducer<byte[], byte[]> p = new KafkaProducer<>(c, new ByteArraySerializer(), new ByteArraySerializer());
    if (!transactionalId.isEmpty()) p.initTransactions();
    return p;
  }

  /** send|queue, name, topic, partition, key, value, then pairs of header name and value. */
  static ProducerRecord<byte[], byte[]> record(String[] f) {
    ProducerRecord<byte[], byte[]> r = new ProducerRecord<>(f[2], Integer.valueOf(f[3]), bytes(f[4]), bytes(f[5]));
    for (int i = 6; i + 1 < f.length; i += 2) r.headers().add(f[i], bytes(f[i + 1]));
    return r;
  }

  static byte[] bytes(String hex) {
    return hex.equals("-") ? null : HexFormat.of().parseHex(hex);
  }
}
