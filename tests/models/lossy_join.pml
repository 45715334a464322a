/* lossy_join: who pays for the membarrier when a lossy seat becomes active while a publisher moves the tail.
 *
 * Models   one publisher (or whoever holds the mutex), no seat that gates, and its refresh:
 *            new tail; the tail is stored; compiler barrier; look at the seats: if an active one is lossy, membarrier;
 *            then the limit is raised, and pins are read.
 *          A lossy seat that joins: active; membarrier; then it reads from the tail on. To take a record: word, tail; pin;
 *          compiler barrier; tail again. It leaves and joins once more.
 *          Both sides' stores pass through store buffers in order; a membarrier drains everybody's. A record has one cell,
 *          with one free cell for the terminator behind it. Where pinned bytes are in the way this publisher waits (how it
 *          steps over them: pins, step_over).
 * P1       a record that the reader has taken is whole until its pin is cleared.
 * P2       the reader never uses a word that was stored for another position.
 * P3       nobody is blocked for ever (else: invalid end state).
 * Flags    -DN= cells, -DMAXPOS= where the publisher stops, -DSTRIDE=, -DFENCES_FULL no membarrier: publisher (after the
 *          tail), reader (after the pin) and joiner fence, -DX_BEFORE the joiner takes its first position from the tail before
 *          its membarrier (enough: it looks at the tail again before it uses anything).
 * Reach    -DREACH_UNSEEN, -DREACH_PINNED: must fail; they show that a publisher's look misses a seat that is active before
 *          the limit is raised, and that pinned bytes are in the way.
 * Mutants (each must fail)
 *   -DMUTANT_FIRST_LOOK      the publisher looks for lossy seats before it stores the tail only.
 *   -DMUTANT_NO_MEMBARRIER   the publisher does without the membarrier, although it has seen the seat.
 *   -DMUTANT_MEMBARRIER_FIRST  the publisher's membarrier comes before the tail's store.
 *   -DMUTANT_NO_JOIN         the joiner does without a membarrier.
 *   -DMUTANT_OWN_FENCE       the joiner has a full fence of its own in place of the membarrier.
 *   -DMUTANT_ACTIVE_LAST     the joiner's membarrier comes before the seat is active.
 */
#ifndef N
#define N 4
#endif
#ifndef MAXPOS
#define MAXPOS 9
#endif
#ifndef STRIDE
#define STRIDE 2
#endif
#define RESERVE 1
#define NO_PIN 100

byte word[N];                           /* 0 empty, 1 committed */
byte wrote[N];                          /* ghost: position last stored */
byte tail = 0;
bool lossy_seat = false;                 /* the seat is active, and lossy */
byte pin = NO_PIN;                      /* a cell */
bool publisher_done = false;
byte end_of_all = 0;

mtype = { RECORD, TAIL, ACTIVE, PIN };
chan publisher_buffer = [2] of { mtype, byte };
chan reader_buffer = [2] of { mtype, byte };

inline drain_publisher() {              /* the oldest store leaves the buffer */
  d_step {
    publisher_buffer ? kind, a;
    if
    :: kind == RECORD ->                /* terminator, then word */
       word[(a + 1) % N] = 0; wrote[(a + 1) % N] = a + 1;
       word[a % N] = 1; wrote[a % N] = a
    :: kind == TAIL -> assert(a >= tail); tail = a
    fi;
    kind = 0; a = 0
  }
}
inline drain_reader() {
  d_step {
    reader_buffer ? kind, a;
    if :: kind == ACTIVE -> lossy_seat = a :: kind == PIN -> pin = a fi;
    kind = 0; a = 0
  }
}
inline drain_all() {
  atomic {
    do :: len(publisher_buffer) > 0 -> drain_publisher() :: else -> break od;
    do :: len(reader_buffer) > 0 -> drain_reader() :: else -> break od
  }
}
#define PUBLISHER_DRAINED (len(publisher_buffer) == 0)
#define READER_DRAINED    (len(reader_buffer) == 0)

proctype store_buffers() {
  mtype kind;
  byte a;
end:
  do
  :: drain_publisher()
  :: drain_reader()
  od
}

#define MIN(a, b) ((a) < (b) -> (a) : (b))
#define MAX(a, b) ((a) > (b) -> (a) : (b))

/* the first position at or after head that lies in the pinned cell */
#define IMAGE(cell) (head + ((cell) + N - head % N) % N)

proctype publisher() {
  byte head = 0, limit = 0, usable = 0, my_tail = 0, next_limit, p, a;
  bool lossy;
  mtype kind;
  do
  :: head >= MAXPOS -> break
  :: else ->
     do
     :: head + 1 + RESERVE <= usable -> break
     :: else ->
        if
        :: head + 1 + RESERVE <= limit ->               /* a pin is in the way: wait until it is cleared, read it again */
#ifdef REACH_PINNED
           assert(false);
#endif
           (pin != p)
        :: else ->
#ifdef MUTANT_FIRST_LOOK
           lossy = lossy_seat;
#endif
#ifdef MUTANT_MEMBARRIER_FIRST
           drain_all();
#endif
           next_limit = MAX(head + STRIDE, head + 1 + RESERVE);
           if :: my_tail + N < next_limit -> my_tail = next_limit - N :: else fi;
           publisher_buffer ! TAIL, my_tail;
#ifdef FENCES_FULL
           PUBLISHER_DRAINED;
#endif
#ifndef MUTANT_FIRST_LOOK
           lossy = lossy_seat;
#endif
#if !defined(FENCES_FULL) && !defined(MUTANT_NO_MEMBARRIER) && !defined(MUTANT_MEMBARRIER_FIRST)
           if :: lossy -> drain_all() :: else fi;
#endif
#ifdef REACH_UNSEEN
           assert(lossy || !lossy_seat);
#endif
           lossy = false;
           limit = MAX(limit, next_limit);
           next_limit = 0
        fi;
        p = pin;
        usable = (p == NO_PIN -> limit : MIN(limit, IMAGE(p)))
     od;
     p = 0;
     atomic { publisher_buffer ! RECORD, head; head++; end_of_all = head }
  od;
  PUBLISHER_DRAINED;
  publisher_done = true
}

#define INTACT(p) (wrote[(p) % N] == (p) && word[(p) % N] == 1)

#if defined(MUTANT_NO_JOIN)
#define MEMBARRIER skip
#elif defined(MUTANT_OWN_FENCE) || defined(FENCES_FULL)
#define MEMBARRIER READER_DRAINED
#else
#define MEMBARRIER drain_all()
#endif

proctype reader() {
  byte at, w, t, a, taken;
  byte stored_for;                      /* ghost */
  mtype kind;
  bool again = true;
join:
#ifdef MUTANT_ACTIVE_LAST
  MEMBARRIER;
  reader_buffer ! ACTIVE, true;
#else
  reader_buffer ! ACTIVE, true;
#ifdef X_BEFORE
  at = tail;
#endif
  MEMBARRIER;
#endif
#ifndef X_BEFORE
  at = tail;
#endif
  do
  :: taken == 2 -> break
  :: else ->
     atomic { w = word[at % N]; stored_for = wrote[at % N] };
     t = tail;
     if
     :: t > at -> at = t                                /* overrun */
     :: t <= at && w == 0 ->                            /* a miss: look at word and tail until one has changed */
        if
        :: atomic { publisher_done && end_of_all == at -> break }
        :: atomic { word[at % N] > 0 || tail > at -> skip }
        fi
     :: t <= at && w > 0 ->
        t = 0;
        assert(stored_for == at);                       /* P2 */
        reader_buffer ! PIN, at % N;
#ifdef FENCES_FULL
        READER_DRAINED;
#endif
        t = tail;
        if
        :: t > at
        :: else ->
           assert(INTACT(at));                          /* P1 */
           /* ... held ... */
           assert(INTACT(at));
           at++; taken++
        fi;
        reader_buffer ! PIN, NO_PIN
     fi;
     w = 0; t = 0; stored_for = 0
  od;
  w = 0; t = 0; stored_for = 0; taken = 0;
  reader_buffer ! ACTIVE, false;
  if :: again -> again = false; goto join :: else fi;
  at = 0
}

init {
  byte i = 0;
  atomic {
    do :: i < N -> wrote[i] = 255; i++ :: else -> break od;
    wrote[0] = 0; i = 0;
    run publisher(); run store_buffers(); run reader()
  }
}
