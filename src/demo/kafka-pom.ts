// The Maven project that names the jars of one Kafka broker. Never built and never published: only its dependencies are copied.

/** The broker's version; also part of the name of the folder that it is installed in. */
export const KAFKA_VERSION = '4.3.1';

/** How many jars the project resolves to; for progress lines only. */
export const KAFKA_JARS = 53;

const unused = ['connect-runtime', 'connect-json', 'connect-api', 'connect-transforms']
  .map((name) => `<exclusion><groupId>org.apache.kafka</groupId><artifactId>${name}</artifactId></exclusion>`)
  .join('');

/** slf4j-simple: without a binding the broker never prints the line that says it has started. */
export const KAFKA_POM = `<?xml version="1.0" encoding="UTF-8"?>
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>local</groupId><artifactId>kafka-broker</artifactId><version>1</version><packaging>pom</packaging>
  <dependencies>
    <dependency>
      <groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>${KAFKA_VERSION}</version>
    </dependency>
    <dependency>
      <groupId>org.apache.kafka</groupId><artifactId>kafka-tools</artifactId><version>${KAFKA_VERSION}</version>
      <exclusions>${unused}</exclusions>
    </dependency>
    <dependency>
      <groupId>org.slf4j</groupId><artifactId>slf4j-simple</artifactId><version>1.7.36</version>
    </dependency>
  </dependencies>
</project>
`;
