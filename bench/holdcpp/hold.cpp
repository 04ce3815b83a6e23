// The hold model of ../hold.go on std::priority_queue: the yardstick for the
// event list. It makes the same draws, by the same hash and the same logarithm,
// and takes the same digest over every event, so that both sides pay the same for
// them and must print the same digest. Beyond that it does nothing that this one
// model does not need: the kernel's actors, priorities and guards have no
// counterpart here.
//
//   c++ -O2 -ffp-contract=off -o hold hold.cpp
//   echo 1000000 1000000 | ./hold <timers>
//
// For every number that it reads it fires so many further events and prints the
// digest after them, and the seconds of processor time that they took.

#include <cinttypes>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <queue>
#include <vector>

namespace {

using u64 = std::uint64_t;

constexpr u64 mix_a = 0x9e3779b97f4a7c15, mix_b = 0xd1342543de82ef95;
constexpr u64 mix_c = 0xa0761d6478bd642f, mix_d = 0xe7037ed1a0b428db;

inline u64 fold(u64 a, u64 b) {
  const unsigned __int128 m = static_cast<unsigned __int128>(a) * b;
  return static_cast<u64>(m >> 64) ^ static_cast<u64>(m);
}

inline u64 hash2(u64 key0, u64 key1, u64 a, u64 b) {
  const unsigned __int128 m = static_cast<unsigned __int128>(a ^ key0) * (b ^ key1);
  u64 hi = static_cast<u64>(m >> 64), lo = static_cast<u64>(m);
  return fold(lo ^ mix_c, hi ^ mix_d ^ key0);
}

inline u64 mix(u64 a, u64 b) { return hash2(mix_a, mix_b, a, b); }

u64 hash(const char *s) {
  std::size_t n = std::strlen(s);
  u64 h = n;
  for (; n >= 8; s += 8, n -= 8) {
    u64 word = 0;
    for (int i = 7; i >= 0; i--) word = word << 8 | static_cast<unsigned char>(s[i]);
    h = mix(h, word);
  }
  u64 rest = 0;
  while (n > 0) rest = rest << 8 | static_cast<unsigned char>(s[--n]);
  return mix(h, rest);
}

struct Stream {
  u64 key0, key1;

  Stream(u64 seed, u64 run, const char *name) {
    u64 root = mix(seed, run), n = hash(name);
    key0 = mix(root, n);
    key1 = mix(n, root);
  }

  double u(u64 entity, u64 ordinal) const {
    return static_cast<double>(static_cast<std::int64_t>(hash2(key0, key1, entity, ordinal) >> 12 << 1 | 1)) * 0x1p-53;
  }
};

inline double ln(double x) {
  u64 b;
  std::memcpy(&b, &x, sizeof b);
  std::int64_t e = static_cast<std::int64_t>(b - 0x3fe6a09e667f3bcd) >> 52;
  b -= static_cast<u64>(e) << 52;
  double f;
  std::memcpy(&f, &b, sizeof f);
  f -= 1;
  double k = static_cast<double>(e);
  double s = f / (2 + f);
  double z = s * s, w = z * z;
  double t1 = w * (3.999999999940941908e-01 + w * (2.222219843214978396e-01 + w * 1.531383769920937332e-01));
  double t2 = z * (6.666666666666735130e-01 +
                   w * (2.857142874366239149e-01 + w * (1.818357216161805012e-01 + w * 1.479819860511658591e-01)));
  double r = t1 + t2, half = 0.5 * f * f;
  return k * 6.93147180369123816490e-01 - ((half - (s * (half + r) + k * 1.90821492927058770002e-10)) - f);
}

inline std::int64_t exponential_ns(double u) {
  double ns = -ln(1 - u) * 1e9 + 0.5;
  return ns > 0 ? static_cast<std::int64_t>(ns) : 0;
}

struct Timer {
  std::int64_t at;
  u64 sequence, timer, nth;

  bool operator>(const Timer &o) const { return at > o.at || (at == o.at && sequence > o.sequence); }
};

}  // namespace

int main(int argc, char **argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: hold <timers>, and numbers of events on standard input\n");
    return 2;
  }
  const u64 timers = std::strtoull(argv[1], nullptr, 10);

  const Stream draws(1, 0, "hold");
  std::vector<Timer> room;
  room.reserve(timers + 1);
  std::priority_queue<Timer, std::vector<Timer>, std::greater<Timer>> list(std::greater<Timer>(), std::move(room));
  u64 sequence = 0, digest = mix_b;
  for (u64 i = 0; i < timers; i++) list.push({exponential_ns(draws.u(i, 0)), sequence++, i, 0});

  auto run = [&](u64 events) {
    for (u64 i = 0; i < events; i++) {
      Timer t = list.top();
      list.pop();
      digest = fold(digest ^ static_cast<u64>(t.at) ^ mix_c, t.timer ^ mix_d);
      t.nth++;
      t.at += exponential_ns(draws.u(t.timer, t.nth));
      t.sequence = sequence++;
      list.push(t);
    }
  };
  for (u64 events; std::scanf("%" SCNu64, &events) == 1;) {
    const std::clock_t begin = std::clock();
    run(events);
    const double took = static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
    std::printf("%016" PRIx64 " %.9f\n", digest, took);
    std::fflush(stdout);
  }
}
