package sim

import "math"

// The elementary functions of package math may differ in the last bit between
// processors: some are in assembly, and where the processor has a fused
// multiply-add the compiler may use it. One bit is enough to reorder two
// events. These are for the domains that the distributions need, in plain
// arithmetic, with every product that is added to something rounded first:
// float64(x*y) + z. They stay within one unit in the last place of the exact
// value (pow: within two).
//
// The algorithms and coefficients of ln, exp and pow are those of FreeBSD's
// msun (e_log.c, e_exp.c, e_pow.c; © 1993, 2004 by Sun Microsystems, Inc.;
// "Permission to use, copy, modify, and distribute this software is freely
// granted, provided that this notice is preserved.").

const (
	ln2Hi = 6.93147180369123816490e-01 // the upper 32 bits of ln 2
	ln2Lo = 1.90821492927058770002e-10 // ln 2 - ln2Hi
)

// ln returns the natural logarithm of a positive, finite, normal x.
//
// x = 2^k·(1+f) with √½ < 1+f < √2, and with s = f/(2+f),
// ln(1+f) = 2·artanh(s) = 2s + s·R(s²), R by a polynomial.
func ln(x float64) float64 {
	const (
		l1 = 6.666666666666735130e-01
		l2 = 3.999999999940941908e-01
		l3 = 2.857142874366239149e-01
		l4 = 2.222219843214978396e-01
		l5 = 1.818357216161805012e-01
		l6 = 1.531383769920937332e-01
		l7 = 1.479819860511658591e-01

		sqrtHalf = 0x3fe6a09e667f3bcd // the bits of √½
	)
	// Subtracting the bits of √½ leaves in the exponent field the k for which
	// the rest lies between √½ and √2, without a branch.
	b := math.Float64bits(x)
	e := int64(b-sqrtHalf) >> 52
	f := math.Float64frombits(b-uint64(e)<<52) - 1
	k := float64(e)

	s := f / (2 + f)
	z := float64(s * s)
	w := float64(z * z)
	t1 := float64(w * (l2 + float64(w*(l4+float64(w*l6)))))
	t2 := float64(z * (l1 + float64(w*(l3+float64(w*(l5+float64(w*l7)))))))
	r := t1 + t2
	half := float64(0.5 * f * f)
	return float64(k*ln2Hi) - ((half - (float64(s*(half+r)) + float64(k*ln2Lo))) - f)
}

// exp returns e^x. It is 0 below -745.2 and +Inf above 709.8.
//
// x = k·ln2 + r with |r| ≤ ln2/2, and e^r = 1 + 2r/(R-r) with R = r·coth(r/2)
// by a polynomial in r².
func exp(x float64) float64 {
	const (
		log2e = 1.44269504088896338700e+00
		p1    = 1.66666666666666019037e-01
		p2    = -2.77777777770155933842e-03
		p3    = 6.61375632143793436117e-05
		p4    = -1.65339022054652515390e-06
		p5    = 4.13813679705723846039e-08
	)
	switch {
	case x > 709.782712893383973096:
		return math.Inf(1)
	case x < -745.13321910194110842:
		return 0
	}
	k := math.Floor(float64(log2e*x) + 0.5)
	hi := x - float64(k*ln2Hi)
	lo := float64(k * ln2Lo)
	r := hi - lo
	t := float64(r * r)
	c := r - float64(t*(p1+float64(t*(p2+float64(t*(p3+float64(t*(p4+float64(t*p5)))))))))
	y := 1 - ((lo - float64(r*c)/(2-c)) - hi)
	return math.Ldexp(y, int(k))
}

// upper returns x with the lower half of its bits cleared: products of two such
// numbers are exact to 21 bits on each side.
func upper(x float64) float64 {
	return math.Float64frombits(math.Float64bits(x) &^ (1<<32 - 1))
}

// pow returns x^y for a positive, normal, finite x and a finite y.
//
// log2(x) is computed to about 70 bits in two parts, as otherwise its rounding
// error would be multiplied by y; then x^y = 2^n · 2^(the rest).
func pow(x, y float64) float64 {
	const (
		lg1 = 5.99999999999994648725e-01
		lg2 = 4.28571428578550184252e-01
		lg3 = 3.33333329818377432918e-01
		lg4 = 2.72728123808534006489e-01
		lg5 = 2.30660745775561754067e-01
		lg6 = 2.06975017800338417784e-01

		p1 = 1.66666666666666019037e-01
		p2 = -2.77777777770155933842e-03
		p3 = 6.61375632143793436117e-05
		p4 = -1.65339022054652515390e-06
		p5 = 4.13813679705723846039e-08

		twoHi = 6.93147182464599609375e-01 // ln 2 to 24 bits
		twoLo = -1.90465429995776804525e-09
		two   = 6.93147180559945286227e-01

		cp   = 9.61796693925975554329e-01 // 2/(3 ln 2)
		cpHi = 9.61796700954437255859e-01
		cpLo = -7.02846165095275826516e-09

		halfHi = 5.84962487220764160156e-01 // log2(1.5)
		halfLo = 1.35003920212974897128e-08
	)
	if y == 0 || x == 1 {
		return 1
	}
	// x = 2^n·ax with ax near bp, which is 1 or 1.5.
	b := math.Float64bits(x)
	n := int(b>>52) - 1023
	mantissa := b & (1<<52 - 1)
	bp, bpHi, bpLo := 1.0, 0.0, 0.0
	switch top := mantissa >> 32; {
	case top <= 0x3988e: // ax < √(3/2)
	case top < 0xbb67a: // ax < √3
		bp, bpHi, bpLo = 1.5, halfHi, halfLo
	default:
		n++
		mantissa -= 1 << 52
	}
	ax := math.Float64frombits(mantissa + 1023<<52)

	// s = (ax-bp)/(ax+bp) in two parts.
	u := ax - bp
	v := 1 / (ax + bp)
	s := float64(u * v)
	sHi := upper(s)
	tHi := upper(ax + bp)
	tLo := ax - (tHi - bp)
	sLo := float64(v * ((u - float64(sHi*tHi)) - float64(sHi*tLo)))

	// ln(ax/bp) = s·(2 + 2/3·s² + r), in two parts times 3/2.
	s2 := float64(s * s)
	r := float64(s2 * s2 * (lg1 + float64(s2*(lg2+float64(s2*(lg3+float64(s2*(lg4+float64(s2*(lg5+float64(s2*lg6)))))))))))
	r += float64(sLo * (sHi + s))
	s2 = float64(sHi * sHi)
	tHi = upper(3 + s2 + r)
	tLo = r - ((tHi - 3) - s2)
	u = float64(sHi * tHi)
	v = float64(sLo*tHi) + float64(tLo*s)
	pHi := upper(u + v)
	pLo := v - (pHi - u)
	zHi := float64(cpHi * pHi)
	zLo := float64(cpLo*pHi) + float64(pLo*cp) + bpLo
	t := float64(n)
	t1 := upper(zHi + zLo + bpHi + t)
	t2 := zLo - (((t1 - t) - bpHi) - zHi)

	// y·log2(x) in two parts.
	y1 := upper(y)
	pLo = float64((y-y1)*t1) + float64(y*t2)
	pHi = float64(y1 * t1)
	z := pLo + pHi
	switch {
	case z >= 1024:
		return math.Inf(1)
	case z < -1075:
		return 0
	}
	k := math.Floor(z + 0.5)
	pHi -= k
	t = upper(pLo + pHi)
	u = float64(t * twoHi)
	v = float64((pLo-(t-pHi))*two) + float64(t*twoLo)
	z = u + v
	w := v - (z - u)
	t = float64(z * z)
	t1 = z - float64(t*(p1+float64(t*(p2+float64(t*(p3+float64(t*(p4+float64(t*p5)))))))))
	r = float64(z*t1)/(t1-2) - (w + float64(z*w))
	return math.Ldexp(1-(r-z), int(k))
}

// lnGamma returns ln Γ(x) for x > 0, to about 14 digits, by Lanczos'
// approximation with g = 7 and nine terms.
func lnGamma(x float64) float64 {
	if x < 0.5 {
		// Γ(x) = Γ(x+1)/x keeps the argument where the series is good.
		return lnGamma(x+1) - ln(x)
	}
	const halfLnTau = 0.91893853320467274178
	x--
	sum := 0.99999999999980993
	for i, c := range [...]float64{
		676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059,
		12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
	} {
		sum += c / (x + float64(i) + 1)
	}
	t := x + 7.5
	return halfLnTau + float64((x+0.5)*ln(t)) - t + ln(sum)
}

// gammaP returns the regularised lower incomplete gamma function P(a, x), the
// distribution function of a gamma variable of shape a and scale 1, and its
// complement Q(a, x), each to full relative precision where it is small.
func gammaP(a, x float64) (p, q float64) {
	if x <= 0 {
		return 0, 1
	}
	return gammaTails(a, x, exp(float64(a*ln(x))-x-lnGamma(a)))
}

// gammaTails is gammaP for an x above 0 of which scale, x^a·e^-x/Γ(a), is known.
func gammaTails(a, x, scale float64) (p, q float64) {
	const enough = 1e-16
	if x < a+1 {
		term := 1 / a
		sum := term
		for n := a + 1; term > sum*enough; n++ {
			term = float64(term * (x / n))
			sum += term
		}
		p = min(1, float64(sum*scale))
		return p, 1 - p
	}
	// Lentz's evaluation of the continued fraction of Q.
	b := x + 1 - a
	c := math.Inf(1)
	d := 1 / b
	h := d
	for i := 1.0; i < 100_000; i++ {
		an := float64(i * (a - i))
		b += 2
		d = 1 / (float64(an*d) + b)
		c = b + an/c
		step := float64(c * d)
		h = float64(h * step)
		if math.Abs(step-1) < enough {
			break
		}
	}
	q = min(1, float64(h*scale))
	return 1 - q, q
}

// normalQuantile returns the u-quantile of the standard normal distribution, to
// about 16 digits (Wichura, algorithm AS 241, Applied Statistics 37, 1988).
func normalQuantile(u float64) float64 {
	q := u - 0.5
	if math.Abs(q) <= 0.425 {
		return float64(q * ratio(0.180625-float64(q*q), &wichuraA, &wichuraB))
	}
	tail := min(u, 1-u)
	r := math.Sqrt(-ln(tail))
	var x float64
	if r <= 5 {
		x = ratio(r-1.6, &wichuraC, &wichuraD)
	} else {
		x = ratio(r-5, &wichuraE, &wichuraF)
	}
	if q < 0 {
		return -x
	}
	return x
}

// ratio evaluates the quotient of two polynomials of degree seven.
func ratio(x float64, above, below *[8]float64) float64 {
	a, b := above[7], below[7]
	for i := 6; i >= 0; i-- {
		a = float64(a*x) + above[i]
		b = float64(b*x) + below[i]
	}
	return a / b
}

var (
	wichuraA = [8]float64{
		3.3871328727963666080e0, 1.3314166789178437745e2, 1.9715909503065514427e3, 1.3731693765509461125e4,
		4.5921953931549871457e4, 6.7265770927008700853e4, 3.3430575583588128105e4, 2.5090809287301226727e3,
	}
	wichuraB = [8]float64{
		1, 4.2313330701600911252e1, 6.8718700749205790830e2, 5.3941960214247511077e3,
		2.1213794301586595867e4, 3.9307895800092710610e4, 2.8729085735721942674e4, 5.2264952788528545610e3,
	}
	wichuraC = [8]float64{
		1.42343711074968357734e0, 4.63033784615654529590e0, 5.76949722146069140550e0, 3.64784832476320460504e0,
		1.27045825245236838258e0, 2.41780725177450611770e-1, 2.27238449892691845833e-2, 7.74545014278341407640e-4,
	}
	wichuraD = [8]float64{
		1, 2.05319162663775882187e0, 1.67638483018380384940e0, 6.89767334985100004550e-1,
		1.48103976427480074590e-1, 1.51986665636164571966e-2, 5.47593808499534494600e-4, 1.05075007164441684324e-9,
	}
	wichuraE = [8]float64{
		6.65790464350110377720e0, 5.46378491116411436990e0, 1.78482653991729133580e0, 2.96560571828504891230e-1,
		2.65321895265761230930e-2, 1.24266094738807843860e-3, 2.71155556874348757815e-5, 2.01033439929228813265e-7,
	}
	wichuraF = [8]float64{
		1, 5.99832206555887937690e-1, 1.36929880922735805310e-1, 1.48753612908506148525e-2,
		7.86869131145613259100e-4, 1.84631831751005468180e-5, 1.42151175831644588870e-7, 2.04426310338993978564e-15,
	}
)
